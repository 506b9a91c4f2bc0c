import { createDecipheriv } from 'node:crypto';
import { decodeProtectedHeader } from 'jose';
import type { ContentKeys } from './content-keys.ts';

/** A JWE in compact form (RFC 7516 section 7.1); with `dir` it holds no key. */
export const ENCRYPTED_TOKEN = /^[\w-]+\.[\w-]*\.[\w-]+\.[\w-]+\.[\w-]+$/;
/** The one cipher of access tokens. */
export const CONTENT_CIPHER = 'A256GCM';
/** The member of the header in which our nodes find the key of the content. */
export const KEY_MEMBER = 'latchkey';

const TAG_BYTES = 16;

/**
 * The JWT inside an access token that this installation encrypted, though only the API has the key it was encrypted
 * for: the header has the key of the content a second time, for us. Undefined: it is none of ours, or was changed.
 */
export function openEncrypted(jwe: string, contentKeys: ContentKeys): string | undefined {
  const [header = '', , iv = '', content = '', tag = ''] = jwe.split('.');
  const key = contentKeyOf(jwe, contentKeys);
  if (key === undefined) return undefined;
  try {
    const nonce = Buffer.from(iv, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(header, 'ascii'));
    decipher.setAuthTag(Buffer.from(tag, 'base64url'));
    const plain = decipher.update(Buffer.from(content, 'base64url'));
    return Buffer.concat([plain, decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

function contentKeyOf(jwe: string, contentKeys: ContentKeys): Buffer | undefined {
  try {
    const { enc, [KEY_MEMBER]: wrapped } = decodeProtectedHeader(jwe);
    if (enc !== CONTENT_CIPHER || typeof wrapped !== 'string') return undefined;
    return contentKeys.unwrap(wrapped);
  } catch {
    return undefined;
  }
}
