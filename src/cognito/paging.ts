import { z } from 'zod';
import { CognitoException } from './exception.ts';

const PAGE_MAX = 60;

/** How lists are asked for page by page. */
export const pageInput = z.object({
  MaxResults: z.int().min(1).max(PAGE_MAX).nullish(),
  NextToken: z.string().max(131_072).nullish(),
});

/**
 * One page in the order of keys, and the token of the next: whatever comes or goes between two pages, nothing is told twice.
 *
 * @throws {CognitoException} for a token that was not given here.
 */
export function pageOf<Item>(
  all: readonly Item[],
  asked: z.output<typeof pageInput>,
  keyOf: (item: Item) => string,
): { readonly page: readonly Item[]; readonly next: { readonly NextToken?: string } } {
  const limit = asked.MaxResults ?? PAGE_MAX;
  const after = typeof asked.NextToken === 'string' ? readToken(asked.NextToken) : undefined;
  const rest = all
    .filter((item) => after === undefined || keyOf(item) > after)
    .toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  const isMore = rest.length > page.length && last !== undefined;
  return { page, next: isMore ? { NextToken: tokenOf(keyOf(last)) } : {} };
}

function tokenOf(key: string): string {
  return Buffer.from(key, 'utf8').toString('base64url');
}

function readToken(token: string): string {
  const key = Buffer.from(token, 'base64url').toString('utf8');
  if (key !== '' && tokenOf(key) === token) return key;
  throw new CognitoException('InvalidParameterException', 'Invalid pagination token');
}
