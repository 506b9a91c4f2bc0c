import { sha256 } from '../runtime/digest.ts';
import type { Origin } from '../runtime/origin.ts';
import type { AuditTable } from '../storage/tables.ts';
import type { AuditEvent } from './audit.ts';
import { canonicalJson, plainText } from './canonical-json.ts';

/** Where a chain ends: the number and hash of its newest event. */
export interface Head {
  readonly number: number;
  readonly hash: string;
}

/** The head of a chain that has no event yet. */
export const NO_HEAD: Head = { number: 0, hash: '' };

/** An event and when it happened, not yet in a chain. */
export interface Happened {
  readonly event: AuditEvent;
  readonly at: number;
}

/** The rows that continue the chain of `node` behind `head`. */
export function linked(
  node: string,
  head: Head,
  happened: readonly Happened[],
): readonly AuditTable[] {
  let previous = head.hash;
  return happened.map(({ event, at }, index) => {
    const link = { node, number: head.number + 1 + index, at, event: canonicalJson(event) };
    previous = hashOf(previous, link);
    return { ...link, ...columnsOf(event), hash: previous };
  });
}

/** What one event adds to the chain: SHA-256 over the hash before it and all that it says. */
export function hashOf(
  previous: string,
  { node, number, at, event }: Pick<AuditTable, 'node' | 'number' | 'at' | 'event'>,
): string {
  // The event is canonical already, so this is the canonical JSON of the four members.
  return sha256(
    `${previous}\n{"at":${at},"event":${event},"node":${JSON.stringify(node)},"number":${number}}`,
  );
}

/** The columns by which events are found; they repeat what the event says. */
export function columnsOf(event: {
  readonly type: string;
  readonly accountId?: string | undefined;
  readonly clientId?: string | undefined;
  readonly origin?: Pick<Origin, 'site'> | undefined;
}): Pick<AuditTable, 'type' | 'account_id' | 'client_id' | 'site'> {
  return {
    type: event.type,
    account_id: event.accountId === undefined ? null : plainText(event.accountId),
    client_id: event.clientId === undefined ? null : plainText(event.clientId),
    site: event.origin?.site ?? null,
  };
}
