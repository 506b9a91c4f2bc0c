import { z } from 'zod';
import type { PasskeyTable } from '../storage/tables.ts';
import { deviceOfAaguid } from './passkey-devices.ts';
import type { Passkey } from './passkeys.ts';

const texts = z.array(z.string());

/** The passkey in a row. */
export function passkeyOf(row: PasskeyTable): Passkey {
  return {
    id: row.id,
    name: row.name,
    device: deviceOfAaguid(row.aaguid),
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at ?? undefined,
    backup: backupOf(row),
    transports: transportsOf(row),
  };
}

/** How to ask a browser for it, or not to make it twice. */
export function descriptorOf(row: PasskeyTable): { id: string; transports: string[] } {
  return { id: row.id, transports: transportsOf(row) };
}

function transportsOf({ transports }: PasskeyTable): string[] {
  return texts.parse(JSON.parse(transports));
}

function backupOf({
  backup_eligible: eligible,
  backed_up: backedUp,
}: PasskeyTable): Passkey['backup'] {
  if (backedUp === 1) return 'made';
  return eligible === 1 ? 'possible' : 'impossible';
}
