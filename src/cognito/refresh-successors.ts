import { createHmac } from 'node:crypto';
import { equalSecrets, sha256 } from '../runtime/digest.ts';
import type { Sealer } from '../runtime/sealing.ts';

/**
 * What comes after a refresh token that is good once. It follows from that token and the installation's keys, so that whoever asks
 * again because an answer was lost, or in another tab, is given the same, and no token has to be kept for it.
 */
export interface RefreshSuccessors {
  of(session: string, token: string): string;
  /** The one that was given, by its SHA-256, under whichever key; undefined: none of this token. */
  given(session: string, token: string, digest: string): string | undefined;
}

export function createRefreshSuccessors(sealer: Pick<Sealer, 'keysFor'>): RefreshSuccessors {
  const keys = sealer.keysFor('refresh tokens of pools');
  const under = (key: Uint8Array, session: string, token: string): string =>
    `${session}.${createHmac('sha256', key).update(token).digest('base64url')}`;
  return {
    of: (session, token) => under(keys[0], session, token),
    given: (session, token, digest) =>
      keys
        .map((key) => under(key, session, token))
        .find((next) => equalSecrets(sha256(next), digest)),
  };
}
