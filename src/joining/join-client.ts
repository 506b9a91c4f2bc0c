import { OWN_CLIENT_PREFIX, type DeclaredClient } from '../clients/config.ts';
import { ownClient } from '../clients/own-client.ts';
import { sha256 } from '../runtime/digest.ts';
import { randomId } from '../runtime/random.ts';

const JOIN_CLIENT = `${OWN_CLIENT_PREFIX}join` as const;
/** Where the authorization endpoint sends people back to. */
export const JOINED = '/join/done';

/** The client for whom people join that no app has sent. `name`: of the installation. */
export function joinClient(installation: {
  readonly issuer: string;
  readonly name: string;
}): DeclaredClient {
  return ownClient({ ...installation, id: JOIN_CLIENT, path: JOINED });
}

/**
 * An authorization request for a new account. The code that comes of it is of no use to anybody, since its verifier is
 * thrown away at once: what counts is the session.
 */
export function joinRequest(issuer: string): string {
  const parameters = new URLSearchParams({
    client_id: JOIN_CLIENT,
    redirect_uri: `${issuer}${JOINED}`,
    response_type: 'code',
    scope: 'openid',
    prompt: 'create',
    code_challenge: sha256(randomId(32)),
    code_challenge_method: 'S256',
  });
  return `${issuer}/authorize?${parameters.toString()}`;
}
