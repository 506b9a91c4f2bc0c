import type { Context } from 'koa';
import { FormTooLarge } from '../http/form.ts';
import { CognitoException } from './exception.ts';

const BODY_BYTES_MAX = 256 * 1024;

/** The bytes of a request to the API. @throws {FormTooLarge} */
export async function readApiBody(ctx: Context): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Left early, the stream must live on: the answer goes out over its socket.
  for await (const chunk of ctx.req.iterator({ destroyOnReturn: false })) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > BODY_BYTES_MAX)
      throw new FormTooLarge(`a request of more than ${BODY_BYTES_MAX} bytes`);
    chunks.push(part);
  }
  return Buffer.concat(chunks);
}

/** @throws {CognitoException} */
export function parseApiBody(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new CognitoException('SerializationException', 'The request is not JSON.', {
      cause: error,
    });
  }
}
