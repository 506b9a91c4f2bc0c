import { Router } from '@koa/router';
import type { Context } from 'koa';
import type { Exchange } from '../http/exchange.ts';
import type { Fault } from '../http/fault.ts';
import type { JsonObject } from '../runtime/json.ts';
import { randomUuid } from '../runtime/random.ts';
import { parseApiBody, readApiBody } from './api-body.ts';
import { CognitoException } from './exception.ts';
import type { Operations } from './operation.ts';
import type { CheckSignature } from './signature.ts';

const TARGET = /^AWSCognitoIdentityProviderService\.(?<name>[A-Za-z]{1,64})$/;
const CONTENT_TYPE = 'application/x-amz-json-1.1';

/** The JSON API: one path, and the operation in a header. Browsers may call it from any origin, without cookies. */
export function createApiRoutes(operations: Operations, checkSignature: CheckSignature): Router {
  const router = new Router({ sensitive: true, strict: true });
  router.use(async (ctx, next) => {
    ctx.set('Access-Control-Allow-Origin', '*');
    ctx.set(
      'Access-Control-Expose-Headers',
      'x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage',
    );
    await next();
  });
  return router
    .options('/', (ctx) => {
      ctx.set('Access-Control-Allow-Methods', 'POST');
      ctx.set('Access-Control-Allow-Headers', ctx.get('Access-Control-Request-Headers'));
      ctx.set('Access-Control-Max-Age', '86400');
      ctx.status = 204;
    })
    .post('/', async (ctx) => {
      ctx.set('x-amzn-RequestId', randomUuid());
      ctx.set('Cache-Control', 'no-store');
      const { exchange }: { readonly exchange: Exchange } = ctx['state'];
      exchange.faultWords = faultWords;
      try {
        answer(ctx, 200, await perform(ctx, exchange, operations, checkSignature));
      } catch (error) {
        if (!(error instanceof CognitoException)) throw error;
        ctx.set('x-amzn-ErrorType', error.type);
        answer(ctx, 400, { __type: error.type, message: error.message });
      }
    });
}

/** SDKs tell one fault from another by these names, and try again after the last. */
function faultWords({ kind }: Fault): JsonObject {
  if (kind === 'too-large')
    return { __type: 'RequestEntityTooLargeException', message: 'The request is too large.' };
  return { __type: 'InternalErrorException', message: 'Something went wrong.' };
}

async function perform(
  ctx: Context,
  { origin }: Exchange,
  operations: Operations,
  checkSignature: CheckSignature,
): Promise<object> {
  const { name } = TARGET.exec(ctx.get('X-Amz-Target'))?.groups ?? {};
  const operation =
    name !== undefined && Object.hasOwn(operations, name) ? operations[name] : undefined;
  if (operation === undefined)
    throw new CognitoException('UnknownOperationException', 'This operation is not known here.');
  const body = await readApiBody(ctx);
  if (operation.isSigned) await checkSignature(ctx.req, body);
  return await operation.run(parseApiBody(body), origin);
}

function answer(ctx: Context, status: number, body: object): void {
  ctx.status = status;
  ctx.body = JSON.stringify(body);
  ctx.set('Content-Type', CONTENT_TYPE);
}
