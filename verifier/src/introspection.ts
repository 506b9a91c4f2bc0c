import { IssuerUnavailable } from './errors.ts';
import type { Issuer } from './issuer.ts';
import type { Credentials } from './options.ts';
import type { Settings } from './settings.ts';

const TIMEOUT_MS = 3000;

/** What the issuer says of a token that is good now. */
export type Introspected = Readonly<Record<string, unknown>>;

/** Asks the issuer (RFC 7662). Undefined: the token is not active. Nothing is kept. @throws {IssuerUnavailable} */
export async function introspect(
  settings: Settings,
  issuer: Issuer,
  token: string,
): Promise<Introspected | undefined> {
  const { credentials, fetch: get } = settings;
  if (credentials === undefined) throw new IssuerUnavailable('introspection needs credentials');
  const endpoint = await issuer.introspectionEndpoint();
  try {
    const response = await get(endpoint, {
      method: 'POST',
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: { authorization: basicAuthorization(credentials), accept: 'application/json' },
      body: new URLSearchParams({ token, token_type_hint: 'access_token' }),
    });
    if (!response.ok) throw new Error(`introspection was answered with ${response.status}`);
    const body: unknown = await response.json();
    const isActive =
      typeof body === 'object' && body !== null && 'active' in body && body.active === true;
    return isActive ? { ...body } : undefined;
  } catch (error) {
    throw new IssuerUnavailable('the issuer gave no word on the token', { cause: error });
  }
}

/** HTTP Basic as OAuth wants it: both parts form-encoded first (RFC 6749 section 2.3.1). */
export function basicAuthorization({ clientId, clientSecret }: Credentials): string {
  const encoded = [clientId, clientSecret].map(formEncoded).join(':');
  return `Basic ${btoa(encoded)}`;
}

function formEncoded(text: string): string {
  return new URLSearchParams({ v: text }).toString().slice('v='.length);
}
