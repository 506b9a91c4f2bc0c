import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { Revoked } from '../revocation/revocation.ts';
import { sha256 } from '../runtime/digest.ts';
import type { State } from '../storage/state.ts';
import { CLAIM } from './access-token-claims.ts';
import type { ContentKeys } from './content-keys.ts';
import type { IssuerProfile } from './contract.ts';
import { ENCRYPTED_TOKEN, openEncrypted } from './encrypted-token.ts';
import { object, ofKind, text } from './store/payloads.ts';
import { chainKey } from './store/refresh-chain.ts';
import { oidcKey } from './store/request-state.ts';

const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const REFRESH_TOKEN = /^[\w-]{22}\.[\w-]{43}$/;
const OPAQUE_KINDS = ['AccessToken', 'ClientCredentials'] as const;

interface ReadTokenOptions {
  readonly state: State;
  /** Of all issuers of the installation. */
  readonly profiles: readonly IssuerProfile[];
  readonly contentKeys: ContentKeys;
  readonly token: (jti: string, expiresAt?: number) => Revoked;
}

/** What falls with a token, whichever issuer of ours it is of; a refresh token falls with its grant. Undefined: no token that we know. */
export function createReadToken(
  options: ReadTokenOptions,
): (value: string) => Promise<Revoked | undefined> {
  const { state, profiles, contentKeys, token } = options;
  const full = (key: string): readonly string[] =>
    profiles.map(({ namespace }) => oidcKey(namespace, key));

  async function grantOf(refreshToken: string): Promise<Revoked | undefined> {
    const entries = await state.getMany(full(chainKey(refreshToken)));
    const chain = entries.map((entry) => ofKind(entry, 'RefreshToken')).find(Boolean);
    const grantId = chain && text(object(chain, 'payload') ?? {}, 'grantId');
    return grantId === undefined ? undefined : { kind: 'grant', grantId };
  }

  return async (value) => {
    const jwt = ENCRYPTED_TOKEN.test(value) ? openEncrypted(value, contentKeys) : value;
    if (jwt === undefined) return undefined;
    if (JWT.test(jwt)) {
      const found = readJwt(jwt, profiles);
      return found && token(found.jti, found.exp);
    }
    if (REFRESH_TOKEN.test(value)) return await grantOf(value);
    const keys = OPAQUE_KINDS.flatMap((kind) => full(`${kind}:${sha256(value)}`));
    const isKnown = (await state.getMany(keys)).some((entry) => entry !== undefined);
    return isKnown ? token(sha256(value)) : undefined;
  };
}

/** Its signature is not asked for: whoever may take tokens back may do so with one that nobody would accept. */
function readJwt(
  token: string,
  profiles: readonly IssuerProfile[],
): { readonly jti: string; readonly exp: number } | undefined {
  try {
    const { iss, jti, exp, [CLAIM.mark]: mark } = decodeJwt(token);
    const { typ } = decodeProtectedHeader(token);
    // A dialect may call access tokens what ID tokens are called: these have no mark.
    const isAccessToken = typ === 'at+jwt' || (typ === 'JWT' && mark !== undefined);
    const isOurs = isAccessToken && profiles.some(({ issuer }) => issuer === iss);
    if (!isOurs || jti === undefined || exp === undefined) return undefined;
    return { jti, exp };
  } catch {
    return undefined;
  }
}
