import type { Context } from 'koa';
import { LatchkeyError } from '../runtime/errors.ts';

const FORM_BYTES_MAX = 16 * 1024;
const FORM_TYPE = 'application/x-www-form-urlencoded';

/** A form of more bytes than any of ours has. */
export class FormTooLarge extends LatchkeyError {
  readonly code = 'ERR_FORM_TOO_LARGE';
}

/** Not a form, or one that names a field twice, so that two readers could understand it differently. */
export class BadForm extends LatchkeyError {
  readonly code = 'ERR_BAD_FORM';
}

/**
 * The fields of a urlencoded body of at most 16 KiB.
 *
 * @throws {FormTooLarge} {BadForm}
 */
export async function readForm(ctx: Context): Promise<ReadonlyMap<string, string>> {
  if (ctx.request.type !== FORM_TYPE) throw new BadForm('a form in another encoding');
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(await readBody(ctx))) {
    if (fields.has(name)) throw new BadForm('a form with one field twice');
    fields.set(name, value);
  }
  return fields;
}

/**
 * A body as text, of at most 16 KiB unless it is said otherwise.
 *
 * @throws {FormTooLarge}
 */
export async function readBody(ctx: Context, bytesMax = FORM_BYTES_MAX): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Left early, the stream must live on: the answer goes out over its socket.
  for await (const chunk of ctx.req.iterator({ destroyOnReturn: false })) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > bytesMax) throw new FormTooLarge(`a form of more than ${bytesMax} bytes`);
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString('utf8');
}
