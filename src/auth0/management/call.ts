import type { Context } from 'koa';
import type { z } from 'zod';
import { BadForm } from '../../http/form.ts';
import { readJson } from '../../http/json-body.ts';
import type { Actor } from '../../runtime/origin.ts';
import type { Caller } from './bearer.ts';
import { invalidBody, ManagementProblem } from './problem.ts';

/** A request to the Management API as it reaches the work behind its route. */
export interface Call {
  readonly caller: Caller;
  readonly actor: Actor;
  readonly ctx: Context;
  /** A placeholder of the path. */
  param(name: string): string;
  /** What the query says; members that `schema` does not know are left out. @throws {ManagementProblem} */
  query<Query>(schema: z.ZodType<Query>): Query;
  /** What the JSON body says. @throws {ManagementProblem} {FormTooLarge} */
  body<Body>(schema: z.ZodType<Body>): Promise<Body>;
}

/** Room for what is kept of a person. */
const BODY_BYTES_MAX = 262_144;

export function createCall(ctx: Context, by: Pick<Call, 'caller' | 'actor'>): Call {
  return {
    ...by,
    ctx,
    param: (name) => String(ctx['params'][name]),
    query(schema) {
      const { success, data, error } = schema.safeParse({ ...ctx.query });
      if (success) return data;
      throw new ManagementProblem(400, {
        message: `Query validation error: ${wordsOf(error)}`,
        errorCode: 'invalid_query_string',
      });
    },
    async body(schema) {
      return fitting(schema, await jsonOf(ctx));
    },
  };
}

/** What a body comes to, as `schema` has it. @throws {ManagementProblem} */
export function fitting<Fit>(schema: z.ZodType<Fit>, value: unknown): Fit {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  throw invalidBody(wordsOf(error));
}

async function jsonOf(ctx: Context): Promise<unknown> {
  try {
    return await readJson(ctx, BODY_BYTES_MAX);
  } catch (error) {
    if (error instanceof BadForm) throw invalidBody('Invalid JSON', error);
    throw error;
  }
}

function wordsOf({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `'${path.join('.')}': ${message}`).join('; ');
}
