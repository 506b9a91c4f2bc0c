import type { HostedProtocol } from '../http/site.ts';

/** passport-auth0 sends the access token so. The path alone is logged, here as everywhere. */
const WITH_TOKEN = /^\/userinfo\?(?<query>.*)$/s;

/** `protocol`, which at userinfo takes a token from the query, too (RFC 6750 section 2.3). */
export function takingTokensFromQueries(protocol: HostedProtocol): HostedProtocol {
  return {
    ...protocol,
    async handle(request, response, origin, tls) {
      const { query } = WITH_TOKEN.exec(request.url ?? '')?.groups ?? {};
      const token = new URLSearchParams(query).get('access_token');
      if (token !== null && request.headers.authorization === undefined) {
        request.headers.authorization = `Bearer ${token}`;
        request.url = '/userinfo';
      }
      await protocol.handle(request, response, origin, tls);
    },
  };
}
