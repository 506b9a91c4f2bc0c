import { Router } from '@koa/router';
import type { Context } from 'koa';
import type { Exchange } from '../../http/exchange.ts';
import type { Caller, ReadBearer } from './bearer.ts';
import { createCall } from './call.ts';
import { problemOf } from './foreseen.ts';
import { ManagementProblem } from './problem.ts';
import type { ManagementRoute } from './route.ts';

const PREFIX = '/api/v2';

/** The Management API: each route for clients with one of its scopes, refusals as Auth0 writes them. */
export function createManagementRoutes(
  routes: readonly ManagementRoute[],
  readBearer: ReadBearer,
): Router {
  const router = new Router({ sensitive: true, strict: true });
  for (const route of routes)
    router[route.method](`${PREFIX}${route.path}`, (ctx) =>
      answering(ctx, async () => {
        const caller = await readBearer(ctx.get('Authorization'));
        admit(caller, route);
        return await perform(ctx, caller, route);
      }),
    );
  return router.all([PREFIX, `${PREFIX}/{*rest}`], (ctx) =>
    answering(ctx, async () => {
      await readBearer(ctx.get('Authorization'));
      const message = `${ctx.method} ${ctx.path} is nothing that this Management API has`;
      throw new ManagementProblem(404, { message });
    }),
  );
}

async function answering(ctx: Context, work: () => Promise<void>): Promise<void> {
  ctx.set('Cache-Control', 'no-store');
  try {
    await work();
  } catch (error) {
    const problem = problemOf(error);
    if (problem === undefined) throw error;
    ctx.status = problem.status;
    ctx.body = problem.toJson();
  }
}

/** @throws {ManagementProblem} */
function admit(caller: Caller, { scopes }: ManagementRoute): void {
  if (scopes.some((scope) => caller.scopes.has(scope))) return;
  throw new ManagementProblem(403, {
    message: `Insufficient scope, expected any of: ${scopes.join(',')}`,
    errorCode: 'insufficient_scope',
  });
}

async function perform(ctx: Context, caller: Caller, route: ManagementRoute): Promise<void> {
  const { exchange }: { readonly exchange: Exchange } = ctx['state'];
  const actor = { by: `management:${caller.clientId}`, origin: exchange.origin };
  const answer = await route.run(createCall(ctx, { caller, actor }));
  if (answer === undefined) {
    ctx.status = 204;
    return;
  }
  ctx.status = route.status ?? 200;
  ctx.body = answer;
}
