import { SealBroken, type Sealer } from '../runtime/sealing.ts';
import type { Records } from '../storage/records.ts';
import { openContent, sealContent } from './sealed-content.ts';

const PAGE = 200;

/**
 * Seals what waits, and what an inbox keeps, anew under the first master key of `to`. Gives their number. A letter that
 * `from` cannot open is past saving: it stays for the post to give up, on record.
 */
export async function resealLetters(
  records: Records,
  { from, to }: { readonly from: Sealer; readonly to: Sealer },
): Promise<number> {
  const { queries } = records;
  let count = 0;
  for (let after = ''; ;) {
    const page = await records.all(
      queries
        .selectFrom('letter')
        .select(['id', 'content'])
        .where('content', 'is not', null)
        .where('id', '>', after)
        .orderBy('id')
        .limit(PAGE),
    );
    const statements = page.flatMap(({ id, content }) => {
      const next = content === null ? undefined : resealed({ id, content }, { from, to });
      if (next === undefined) return [];
      // Only while it is still there: what has left meanwhile keeps no content.
      const row = queries.updateTable('letter').where('id', '=', id);
      return [row.where('content', '=', content).set({ content: next })];
    });
    if (statements.length > 0) await records.write(...statements);
    count += statements.length;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return count;
    after = last.id;
  }
}

function resealed(
  letter: { readonly id: string; readonly content: string },
  { from, to }: { readonly from: Sealer; readonly to: Sealer },
): string | undefined {
  try {
    return sealContent(to, { id: letter.id, content: openContent(from, letter) });
  } catch (error) {
    if (error instanceof SealBroken) return undefined;
    throw error;
  }
}
