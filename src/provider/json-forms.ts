import type { IncomingMessage } from 'node:http';
import { readAhead } from './read-ahead.ts';
import { isJsonObject } from './store/payloads.ts';

const JSON_TYPE = /^application\/json(?:;|$)/i;
const FORM_TYPE = 'application/x-www-form-urlencoded';
const BYTES_MAX = 56 * 1024;

/**
 * Lets the engine read as a form what a client posted as a JSON object of texts. Anything else stays as it is, for
 * the engine to refuse.
 */
export async function readJsonAsForm(request: IncomingMessage): Promise<void> {
  const { headers, method } = request;
  const bytes = Number(headers['content-length'] ?? 0);
  if (method !== 'POST' || !JSON_TYPE.test(headers['content-type'] ?? '')) return;
  if (!(bytes > 0 && bytes <= BYTES_MAX)) return;
  await readAhead(request, bytes, (body) => {
    const form = formOf(body.toString('utf8'));
    if (form === undefined) return body;
    const written = Buffer.from(form);
    headers['content-type'] = FORM_TYPE;
    headers['content-length'] = String(written.length);
    return written;
  });
}

/** Undefined: no object. Members that are no plain values are nobody's. */
function formOf(text: string): string | undefined {
  const value = parse(text);
  if (!isJsonObject(value)) return undefined;
  const form = new URLSearchParams();
  for (const [name, one] of Object.entries(value))
    if (typeof one === 'string' || typeof one === 'number' || typeof one === 'boolean')
      form.set(name, String(one));
  return form.toString();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
