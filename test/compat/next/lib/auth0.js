import { Auth0Client } from '@auth0/nextjs-auth0/server';

const { AUTH0_DOMAIN, AUTH0_AUDIENCE: audience } = process.env;

// It takes the port of a domain only so: docs/guides/replace-auth0.md
export const auth0 = new Auth0Client({
  domain: `https://${AUTH0_DOMAIN}`,
  allowInsecureRequests: true,
  authorizationParameters: { audience, scope: 'openid profile email offline_access read:messages' },
});
