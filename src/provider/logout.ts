import type { KoaContextWithOIDC } from 'oidc-provider';
import type { ClientView, ProtocolPages } from './contract.ts';
import type { EngineClients } from './engine-clients.ts';
import { viewOfClient } from './interaction-view.ts';

/** The pages of RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0). */
export interface LogoutPages {
  confirm(ctx: KoaContextWithOIDC): Promise<void>;
  done(ctx: KoaContextWithOIDC): Promise<void>;
}

/** Hands the engine's logout pages to ours. */
export function createLogoutPages(options: {
  readonly pages: ProtocolPages;
  readonly engineClients: EngineClients;
}): LogoutPages {
  const { pages, engineClients } = options;
  const clientOf = ({ oidc: { client } }: KoaContextWithOIDC): ClientView | undefined => {
    const owner = client && engineClients.ownerOf(client);
    return owner && viewOfClient(owner);
  };

  return {
    confirm: (ctx) =>
      pages.confirmSignOut(ctx, {
        action: ctx.oidc.urlFor('end_session_confirm'),
        xsrf: String(ctx.oidc.session?.state?.['secret']),
        client: clientOf(ctx),
      }),
    done: (ctx) => pages.signedOut(ctx, { client: clientOf(ctx) }),
  };
}
