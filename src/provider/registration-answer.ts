import type { Context } from 'koa';
import type { JsonObject } from '../runtime/json.ts';
import type { EngineClients } from './engine-clients.ts';
import type { RequestScope } from './request-scope.ts';
import { ROUTES } from './routes.ts';
import { isJsonObject, text } from './store/payloads.ts';

/**
 * Puts right what the engine says of a registered client, if this is the answer to a registration: it knows neither the
 * secret, but for a new one, nor the scopes of APIs.
 */
export async function correctRegistration(
  ctx: Context,
  { issuedSecret }: RequestScope,
  { engineClients }: { readonly engineClients: Pick<EngineClients, 'find'> },
): Promise<void> {
  const { body }: { readonly body: unknown } = ctx;
  if (!isRegistration(ctx.path) || !isJsonObject(body)) return;
  const told = ctx.path === ROUTES.registration ? body : withholdSecret(body, issuedSecret);
  const client = await engineClients.find(text(body, 'client_id') ?? '');
  // Everything that is registered is told (RFC 7591 section 3.2.1); JSON leaves out what is undefined.
  ctx.body = client === undefined ? told : { ...told, scope: client.metadata['scope'] };
}

function isRegistration(path: string): boolean {
  return path === ROUTES.registration || path.startsWith(`${ROUTES.registration}/`);
}

/** A secret is told when it is made and never again; what the engine holds in its place is nobody's business. */
function withholdSecret(body: JsonObject, issuedSecret: string | undefined): JsonObject {
  const { client_secret: secret, client_secret_expires_at: _, ...rest } = body;
  return secret === undefined || secret === issuedSecret ? body : rest;
}
