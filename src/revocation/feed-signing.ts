import type { JsonObject } from '../runtime/json.ts';
import type { SignFeed } from './feed-publisher.ts';
import { RevocationUnknown } from './revocation.ts';

/** As much of a signing key as the feed needs. */
export interface FeedKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly phase: string;
  sign(data: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** Signs the feed by the key that signs at the time: ES256 where there is one, because it costs a tenth of RSA. */
export function createFeedSigner(keys: () => readonly FeedKey[]): SignFeed {
  return (payload, typ) => {
    const signing = keys().filter(({ phase }) => phase === 'signing');
    const key = signing.find(({ algorithm }) => algorithm === 'ES256') ?? signing[0];
    if (key === undefined) throw new RevocationUnknown('no key may sign the feed now');
    return signJws(key, payload, typ);
  };
}

/** A JWS in compact form (RFC 7515 section 7.1). */
async function signJws(key: FeedKey, payload: JsonObject, typ: string): Promise<string> {
  const header = { alg: key.algorithm, kid: key.kid, typ };
  const input = [header, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = await key.sign(Buffer.from(input));
  return `${input}.${Buffer.from(signature).toString('base64url')}`;
}
