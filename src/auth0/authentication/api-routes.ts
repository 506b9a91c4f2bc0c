import { Router } from '@koa/router';
import type { Context } from 'koa';
import type { z } from 'zod';
import type { Clients } from '../../clients/clients.ts';
import { BadForm, FormTooLarge, readForm } from '../../http/form.ts';
import { readJson } from '../../http/json-body.ts';
import { languagesOf, originOf } from '../../http/page.ts';
import type { Json } from '../../runtime/json.ts';
import type { Origin } from '../../runtime/origin.ts';
import { ApiProblem, problem } from './api-problem.ts';

const FORM_TYPE = 'application/x-www-form-urlencoded';
const BEARER = /^Bearer (?<token>[\x21-\x7E]{1,4096})$/i;
const PREFLIGHT_SECONDS = 86_400;

/** A request to the Authentication API. */
export interface ApiCall {
  /** Unchecked; empty for GET. */
  readonly body: unknown;
  readonly bearer: string | undefined;
  readonly origin: Origin;
  /** That the person reads, as far as their browser says. */
  readonly languages: readonly string[];
}

/** One of its endpoints. */
export interface ApiEndpoint {
  readonly method: 'get' | 'post';
  readonly path: string;
  /** A text is answered as it is, all else as JSON. @throws {ApiProblem} */
  answer(call: ApiCall): Promise<Json>;
}

/** An endpoint for bodies of the form of `input`. What is not in that is ignored, as at Auth0. */
export function endpointOf<Input extends z.ZodType>(
  path: string,
  input: Input,
  answer: (given: z.output<Input>, call: ApiCall) => Promise<Json>,
): ApiEndpoint {
  return {
    method: 'post',
    path,
    async answer(call) {
      const read = input.safeParse(call.body);
      if (!read.success) throw unreadable(read.error, call.body);
      return await answer(read.data, call);
    },
  };
}

/** Names the first parameter that was left out, or is not what it should be. */
function unreadable({ issues: [first] }: z.ZodError, body: unknown): ApiProblem {
  const [name] = first?.path ?? [];
  if (name === undefined) return problem(400, 'invalid_request', 'The body must be an object.');
  const isThere = Object.hasOwn(Object(body), name);
  const what = isThere ? 'Invalid parameter' : 'Missing required parameter';
  return problem(400, 'invalid_request', `${what}: ${String(name)}`);
}

/** Routes of `endpoints`, which browsers may call from the origins of the tenant's applications, without cookies. */
export function createApiRoutes(endpoints: readonly ApiEndpoint[], clients: Clients): Router {
  const router = new Router({ sensitive: true, strict: true });
  for (const { method, path, answer } of endpoints) {
    router.options(path, answerPreflight);
    router[method](path, async (ctx) => {
      await allowOrigin(ctx, clients);
      ctx.set('Cache-Control', 'no-store');
      try {
        send(ctx, 200, await answer(await callOf(ctx)));
      } catch (error) {
        const { status, body } = refusalOf(error);
        send(ctx, status, body);
      }
    });
  }
  return router;
}

/** Tells nothing: whether the origin may read the answer is told with that. */
function answerPreflight(ctx: Context): void {
  ctx.vary('Origin');
  ctx.set('Access-Control-Allow-Origin', ctx.get('Origin'));
  ctx.set('Access-Control-Allow-Methods', ctx.get('Access-Control-Request-Method'));
  ctx.set('Access-Control-Allow-Headers', ctx.get('Access-Control-Request-Headers'));
  ctx.set('Access-Control-Max-Age', String(PREFLIGHT_SECONDS));
  ctx.status = 204;
}

async function allowOrigin(ctx: Context, clients: Clients): Promise<void> {
  const origin = ctx.get('Origin');
  ctx.vary('Origin');
  if (origin === '') return;
  const all = await clients.list();
  if (all.some(({ policy }) => policy.corsOrigins.includes(origin)))
    ctx.set('Access-Control-Allow-Origin', origin);
}

async function callOf(ctx: Context): Promise<ApiCall> {
  return {
    body: ctx.method === 'GET' ? {} : await readBody(ctx),
    bearer: BEARER.exec(ctx.get('Authorization'))?.groups?.['token'],
    origin: originOf(ctx),
    languages: languagesOf(ctx),
  };
}

async function readBody(ctx: Context): Promise<unknown> {
  return ctx.request.type === FORM_TYPE
    ? Object.fromEntries(await readForm(ctx))
    : await readJson(ctx);
}

function refusalOf(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  if (error instanceof BadForm || error instanceof FormTooLarge)
    return problem(400, 'invalid_request', 'The body must be JSON, or a form.');
  throw error;
}

function send(ctx: Context, status: number, body: Json): void {
  ctx.status = status;
  ctx.body = typeof body === 'string' ? body : JSON.stringify(body);
  ctx.type = typeof body === 'string' ? 'html' : 'json';
}
