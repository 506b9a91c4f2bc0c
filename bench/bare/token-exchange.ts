import type Provider from 'oidc-provider';
import { errors } from 'oidc-provider';

const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** Token exchange (RFC 8693) as the engine's documentation builds a grant of one's own: no policy, no revocation of what follows. */
export function registerTokenExchange(provider: Provider): void {
  const parameters = ['subject_token', 'subject_token_type', 'resource', 'scope'];
  provider.registerGrantType(
    GRANT_TYPE,
    async (ctx) => {
      const { client, params } = ctx.oidc;
      const subject = await provider.AccessToken.find(String(params['subject_token']));
      if (!subject || !client) throw new errors.InvalidGrant('subject_token is not good');
      const { accountId } = subject;
      const grant = new provider.Grant({ accountId, clientId: client.clientId });
      grant.addResourceScope(String(params['resource']), 'read:messages');
      const token = new provider.AccessToken({
        accountId,
        client,
        grantId: await grant.save(),
        gty: 'token_exchange',
      });
      token.resourceServer = new provider.ResourceServer(String(params['resource']), {
        scope: 'read:messages',
        audience: 'https://api.example.com',
        accessTokenFormat: 'jwt',
        accessTokenTTL: 900,
        jwt: { sign: { alg: 'ES256' } },
      });
      ctx.body = {
        access_token: await token.save(),
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: token.tokenType,
        expires_in: token.expiration,
      };
    },
    parameters,
  );
}
