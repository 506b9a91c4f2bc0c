import type { Records } from '../../storage/records.ts';

/** How often somebody has signed in, and when last, as far as the audit goes back. */
export interface SignIns {
  readonly count: number;
  readonly lastAt: number;
}

/** Of several people at once; who never has is left out. */
export async function signInsOf(
  records: Records,
  accountIds: readonly string[],
): Promise<ReadonlyMap<string, SignIns>> {
  if (accountIds.length === 0) return new Map();
  const rows = await records.all(
    records.queries
      .selectFrom('audit')
      .select(({ fn }) => ['account_id', fn.countAll().as('count'), fn.max('at').as('last')])
      .where('account_id', 'in', [...accountIds])
      .where('type', '=', 'sign_in.succeeded')
      .groupBy('account_id'),
  );
  return new Map(
    rows.map(({ account_id: id, count, last }) => [
      String(id),
      { count: Number(count), lastAt: last },
    ]),
  );
}
