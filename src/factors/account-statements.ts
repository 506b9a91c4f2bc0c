import type { Compilable } from 'kysely';
import type { Queries } from '../storage/records.ts';
import { deleteDevices } from './device-queries.ts';
import { deleteHolder } from './holder-queries.ts';
import { deletePasskeys } from './passkey-queries.ts';
import { deleteRecoveryCodes } from './recovery-code-queries.ts';
import { deleteTotp } from './totp-queries.ts';

/** Takes away all that this room knows of a person: written together with the deletion of the account. */
export function deleteFactors(queries: Queries, accountId: string): readonly Compilable[] {
  return [
    deletePasskeys(queries, accountId),
    deleteTotp(queries, accountId),
    deleteRecoveryCodes(queries, accountId),
    deleteHolder(queries, accountId),
    ...forgetDevices(queries, accountId),
  ];
}

/** Forgets the remembered devices: written together with a new password, a lock, or whatever ends trust in them. */
export function forgetDevices(queries: Queries, accountId: string): readonly Compilable[] {
  return [deleteDevices(queries, accountId)];
}
