import type { IncomingMessage } from 'node:http';
import { readAhead } from '../read-ahead.ts';

const FORM = /^application\/x-www-form-urlencoded(?:; ?charset=utf-8)?$/i;
const BYTES_MAX = 16 * 1024;

/** Fields of a form, each given once. */
export type Form = ReadonlyMap<string, string>;

/**
 * The fields of an ordinary form of at most `bytesMax`. The body stays in `request`, for the engine to read as if nobody had.
 * Undefined: it is no such form, or the client left in the middle of it.
 */
export async function peekForm(
  request: IncomingMessage,
  bytesMax = BYTES_MAX,
): Promise<Form | undefined> {
  const { 'content-type': type = '', 'content-length': length = '' } = request.headers;
  const bytes = Number(length);
  if (!FORM.test(type) || !(bytes > 0 && bytes <= bytesMax)) return undefined;
  const body = await readAhead(request, bytes);
  return body && readForm(body.toString('latin1'));
}

/** What is given twice, and text beyond ASCII, is for the engine to judge. */
function readForm(body: string): Form | undefined {
  const fields = new Map<string, string>();
  if (/[^\x21-\x7e]/.test(body)) return undefined;
  for (const pair of body.split('&')) {
    const mark = pair.indexOf('=');
    const name = decode(pair.slice(0, Math.max(mark, 0)));
    const value = decode(pair.slice(mark + 1));
    if (mark < 1 || name === undefined || value === undefined || fields.has(name)) return undefined;
    fields.set(name, value);
  }
  return fields;
}

function decode(text: string): string | undefined {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined; // The engine reads malformed escapes as they stand.
  }
}
