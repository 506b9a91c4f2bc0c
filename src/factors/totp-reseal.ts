import type { Sealer } from '../runtime/sealing.ts';
import type { FactorParts } from './factor-options.ts';
import { replaceSealed, totpsAfter } from './totp-queries.ts';
import { createTotpSealing } from './totp-sealing.ts';

const PAGE = 500;

/** Seals every secret anew under the first master key of `next`. Gives their number. */
export async function resealTotp({ records, sealer }: FactorParts, next: Sealer): Promise<number> {
  const { queries } = records;
  const [from, to] = [createTotpSealing(sealer), createTotpSealing(next)];
  let count = 0;
  for (let after = ''; ;) {
    const page = await records.all(totpsAfter(queries, { after, limit: PAGE }));
    const statements = page.map((row) => {
      const secret = from.open(row.secret_sealed, row.account_id);
      return replaceSealed(queries, row, to.seal(secret, row.account_id));
    });
    if (statements.length > 0) await records.write(...statements);
    count += page.length;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return count;
    after = last.account_id;
  }
}
