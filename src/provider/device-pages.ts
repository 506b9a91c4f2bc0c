import type { Client as EngineClient, KoaContextWithOIDC } from 'oidc-provider';
import type { DeviceProblem, ProtocolPages } from './contract.ts';
import { DEVICE_PATHS, type Endpoints } from './routes.ts';
import type { EngineClients } from './engine-clients.ts';
import { viewOfClient } from './interaction-view.ts';
import { TooManyUserCodes } from './store/device-codes.ts';

/** The pages by which somebody lets a device in (RFC 8628 section 3.3). */
export interface DevicePages {
  enter(ctx: KoaContextWithOIDC, error: Error | undefined): Promise<void>;
  confirm(ctx: KoaContextWithOIDC, client: EngineClient, code: string): Promise<void>;
  done(ctx: KoaContextWithOIDC): Promise<void>;
}

const RETRY_AFTER_SECONDS = 900;
/** What the engine says of a code, by the names of its errors. */
const PROBLEMS: ReadonlyMap<string, DeviceProblem> = new Map([
  ['NoCodeError', 'missing'],
  ['NotFoundError', 'unknown'],
  ['ExpiredError', 'expired'],
  ['AlreadyUsedError', 'used'],
  ['AbortedError', 'refused'],
]);

/** Hands the engine's pages to ours. */
export function createDevicePages(options: {
  readonly pages: ProtocolPages;
  readonly endpoints: Pick<Endpoints, 'url'>;
  readonly engineClients: Pick<EngineClients, 'ownerOf'>;
}): DevicePages {
  const { pages, engineClients } = options;
  const form = (ctx: KoaContextWithOIDC): { readonly action: string; readonly xsrf: string } => ({
    action: options.endpoints.url(DEVICE_PATHS.verification),
    xsrf: String(ctx.oidc.session?.state?.['secret']),
  });

  return {
    async enter(ctx, error) {
      const problem = problemOf(error);
      if (problem === 'throttled') {
        ctx.status = 429;
        ctx.set('Retry-After', String(RETRY_AFTER_SECONDS));
      }
      await pages.enterDeviceCode(ctx, { ...form(ctx), problem, code: codeOf(ctx) });
    },
    async confirm(ctx, client, code) {
      const owner = engineClients.ownerOf(client);
      if (owner === undefined) throw new TypeError('a client of another generation');
      await pages.confirmDevice(ctx, { ...form(ctx), code, client: viewOfClient(owner) });
    },
    async done(ctx) {
      const owner = ctx.oidc.client && engineClients.ownerOf(ctx.oidc.client);
      await pages.deviceConnected(ctx, { client: owner && viewOfClient(owner) });
    },
  };
}

function problemOf(error: Error | undefined): DeviceProblem {
  if (error === undefined) return 'none';
  if (error instanceof TooManyUserCodes) return 'throttled';
  return PROBLEMS.get(error.name) ?? 'failed';
}

/** As the link has it that a device shows; a person still sees what it is before it is used. */
function codeOf(ctx: KoaContextWithOIDC): string {
  const { user_code: code } = ctx.query;
  return ctx.method === 'GET' && typeof code === 'string' ? code.slice(0, 20) : '';
}
