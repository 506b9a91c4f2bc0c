import type { Records } from '../storage/records.ts';

/** When each client was given a token of a person last, as far as the audit goes back. */
export async function lastTokensOf(
  records: Records,
  accountId: string,
): Promise<ReadonlyMap<string, number>> {
  const { queries } = records;
  const rows = await records.all(
    queries
      .selectFrom('audit')
      .select(({ fn }) => ['client_id', fn.max('at').as('at')])
      .where('account_id', '=', accountId)
      .where('type', '=', 'token.issued')
      .groupBy('client_id'),
  );
  return new Map(rows.flatMap(({ client_id: id, at }) => (id === null ? [] : [[id, at] as const])));
}
