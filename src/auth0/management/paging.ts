import { z } from 'zod';
import { queryFlag } from './fields.ts';
import { ManagementProblem } from './problem.ts';

const PER_PAGE = 50;
const PER_PAGE_MAX = 100;

const count = (max: number): z.ZodType<number, string> =>
  z
    .string()
    .regex(/^\d{1,9}$/, { error: 'expected a number' })
    .transform(Number)
    .pipe(z.int().max(max));

/** Which stretch of a list is asked for: by page, or by checkpoint. */
export const pageQuery = {
  page: count(1_000_000).default(0),
  per_page: count(PER_PAGE_MAX).default(PER_PAGE),
  include_totals: queryFlag.default(false),
  take: count(PER_PAGE_MAX).optional(),
  from: z.string().max(100).optional(),
};

/** A stretch, by numbers. */
export interface Stretch {
  readonly start: number;
  readonly limit: number;
}

export interface PageQuery {
  readonly page: number;
  readonly per_page: number;
  readonly include_totals: boolean;
  readonly take?: number | undefined;
  readonly from?: string | undefined;
}

/** What `query` asks for. @throws {ManagementProblem} for a checkpoint that is none of ours. */
export function stretchOf({ page, per_page: limit, take, from }: PageQuery): Stretch {
  if (take === undefined && from === undefined) return { start: page * limit, limit };
  if (from !== undefined && !/^\d{1,9}$/.test(from))
    throw new ManagementProblem(400, {
      message: 'from: is no checkpoint that was given out here',
      errorCode: 'invalid_query_string',
    });
  return { start: Number(from ?? 0), limit: take ?? PER_PAGE };
}

/** The answer of a list: with totals an object, with a checkpoint one that says where it goes on, else the items alone. */
export function pageOf(
  name: string,
  { items, total }: { readonly items: readonly object[]; readonly total: number },
  query: PageQuery,
): object {
  const { start, limit } = stretchOf(query);
  if (query.take !== undefined || query.from !== undefined) {
    const next = start + items.length;
    return { [name]: items, ...(next < total && { next: String(next) }) };
  }
  if (!query.include_totals) return items;
  return { start, limit, length: items.length, total, [name]: items };
}

/** The same for a list that is at hand whole. */
export function pageOfAll(name: string, all: readonly object[], query: PageQuery): object {
  const { start, limit } = stretchOf(query);
  return pageOf(name, { items: all.slice(start, start + limit), total: all.length }, query);
}
