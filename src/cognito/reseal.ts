import type { Compilable } from 'kysely';
import { SealBroken, type Sealer } from '../runtime/sealing.ts';
import type { Records } from '../storage/records.ts';
import type { CognitoUserTable } from '../storage/tables.ts';
import { replaceSecret, sealedClients } from './pool-queries.ts';
import { secretContext } from './stored-clients.ts';
import { verifierContext } from './srp-secrets.ts';
import { replaceVerifier, sealedVerifiersAfter } from './user-queries.ts';

const PAGE = 500;

/** How much of each was sealed anew. */
export interface ResealedPools {
  readonly secrets: number;
  readonly verifiers: number;
}

/** What pools keep under the master key. */
interface Kept {
  readonly records: Records;
  readonly sealer: Sealer;
}

/**
 * Seals secrets of clients and SRP verifiers anew under the first master key of `next`. What changes meanwhile is sealed by the nodes
 * themselves.
 *
 * @throws {SealBroken} when a secret cannot be opened.
 */
export async function resealPools(kept: Kept, next: Sealer): Promise<ResealedPools> {
  return { secrets: await resealSecrets(kept, next), verifiers: await resealVerifiers(kept, next) };
}

async function resealSecrets({ records, sealer }: Kept, next: Sealer): Promise<number> {
  const rows = await records.all(sealedClients(records.queries));
  const statements = rows.flatMap(({ id, secret_sealed: sealed }) => {
    if (sealed === null) return [];
    const again = next.seal(sealer.open(sealed, secretContext(id)), secretContext(id));
    return [replaceSecret(records.queries, { id, before: sealed, sealed: again })];
  });
  if (statements.length > 0) await records.write(...statements);
  return statements.length;
}

async function resealVerifiers({ records, sealer }: Kept, next: Sealer): Promise<number> {
  const { queries } = records;
  let count = 0;
  for (let after = { pool_id: '', account_id: '' }; ;) {
    const page = await records.all(sealedVerifiersAfter(queries, after, PAGE));
    const statements = page.flatMap((row): readonly Compilable[] => {
      const again = resealed(row, { sealer, next });
      return again === undefined ? [] : [replaceVerifier(queries, row, again)];
    });
    if (statements.length > 0) await records.write(...statements);
    count += statements.length;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return count;
    after = last;
  }
}

/** Undefined: sealed under a master key that is gone; the next password in clear makes another. */
function resealed(
  row: CognitoUserTable,
  { sealer, next }: { readonly sealer: Sealer; readonly next: Sealer },
): string | undefined {
  if (row.srp_verifier_sealed === null) return undefined;
  try {
    const context = verifierContext(row);
    return next.seal(sealer.open(row.srp_verifier_sealed, context), context);
  } catch (error) {
    if (error instanceof SealBroken) return undefined;
    throw error;
  }
}
