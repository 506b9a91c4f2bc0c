import { ANY_CLIENT, type ExchangePolicy } from '../../clients/exchange-policy.ts';
import type { JsonObject } from '../../runtime/json.ts';
import { isJsonObject } from '../store/payloads.ts';

/** So long may a chain of those who act for a person become. */
const ACTORS_MAX = 5;

/** Whether a client may exchange a token of `subjectClient`. */
export function maySubject({ subjects }: ExchangePolicy, subjectClient: string): boolean {
  return subjects.includes(ANY_CLIENT) || subjects.includes(subjectClient);
}

/** Who exchanges, for whom, with what the subject token says of it. */
export interface Acting {
  readonly policy: ExchangePolicy;
  readonly clientId: string;
  /** The subject of the actor token; undefined: there was none. */
  readonly actor: string | undefined;
  /** `act` and `may_act` of the subject token (RFC 8693 sections 4.1 and 4.4). */
  readonly act: unknown;
  readonly mayAct: unknown;
}

/** What the new token says of who acts. */
export type Acted =
  | { readonly kind: 'refused' }
  | { readonly kind: 'allowed'; readonly act: JsonObject | undefined };

/**
 * Whoever shows an actor token wants it said who acts. Without one, a client that may impersonate does so; any
 * other acts itself. Those who acted before stay named either way.
 */
export function actedBy({ policy, clientId, actor, act, mayAct }: Acting): Acted {
  const earlier = isJsonObject(act) ? act : undefined;
  const acting = actor ?? clientId;
  if (!isNamed(mayAct, acting)) return { kind: 'refused' };
  if (actor === undefined && policy.impersonation) return { kind: 'allowed', act: earlier };
  if (!policy.delegation || depthOf(earlier) >= ACTORS_MAX) return { kind: 'refused' };
  return { kind: 'allowed', act: { sub: acting, ...(earlier && { act: earlier }) } };
}

/** Of a token that says who may act, nobody else may make use. */
function isNamed(mayAct: unknown, acting: string): boolean {
  if (mayAct === undefined) return true;
  return isJsonObject(mayAct) && mayAct['sub'] === acting;
}

function depthOf(act: JsonObject | undefined): number {
  const inner = act?.['act'];
  if (act === undefined) return 0;
  return 1 + depthOf(isJsonObject(inner) ? inner : undefined);
}
