import { z } from 'zod';
import type { JsonObject } from '../../runtime/json.ts';

const CHARACTERS_MAX = 16_384;
/** A page that somebody may put up at a host, as a text or an image, is no document of the host's. */
const JSON_TYPE = /^application\/(?:[a-z0-9.-]+\+)?json\s*(?:;|$)/i;
const MAX_AGE = /(?:^|,)\s*max-age\s*=\s*(?<seconds>\d{1,9})/i;
const jsonObject = z.record(z.string(), z.json());

/** What came of asking for a document. */
export type Fetched =
  | {
      readonly kind: 'document';
      readonly document: JsonObject;
      /** What its host says, by Cache-Control; undefined: nothing. */
      readonly maxAge: number | undefined;
    }
  /** Its host says that there is none. */
  | { readonly kind: 'gone'; readonly reason: string }
  /** Nothing is known of it now. */
  | { readonly kind: 'unreachable'; readonly reason: string };

/** Asks once, following nothing: time, size and addresses are limited by `outboundFetch`. */
export async function fetchDocument(
  id: string,
  outboundFetch: (url: string, init: RequestInit) => Promise<Response>,
): Promise<Fetched> {
  try {
    const response = await outboundFetch(id, { headers: { accept: 'application/json' } });
    // 408 and 429, like all from 500 on, are about this moment.
    if (response.status >= 500 || response.status === 408 || response.status === 429)
      return { kind: 'unreachable', reason: `status ${response.status}` };
    if (response.status !== 200) return { kind: 'gone', reason: `status ${response.status}` };
    return documentIn(response.headers, await response.text());
  } catch (error) {
    return { kind: 'unreachable', reason: reasonOf(error) };
  }
}

function documentIn(headers: Headers, text: string): Fetched {
  if (!JSON_TYPE.test(headers.get('content-type') ?? ''))
    return { kind: 'gone', reason: 'not of a JSON type' };
  if (text.length > CHARACTERS_MAX) return { kind: 'gone', reason: 'too large' };
  const document = parsed(text);
  if (document === undefined) return { kind: 'gone', reason: 'not a JSON object' };
  const cacheControl = headers.get('cache-control') ?? '';
  const seconds = MAX_AGE.exec(cacheControl)?.groups?.['seconds'];
  const isPassing = /\bno-(?:store|cache)\b/i.test(cacheControl);
  const said = seconds === undefined ? undefined : Number(seconds);
  return { kind: 'document', document, maxAge: isPassing ? 0 : said };
}

function parsed(text: string): JsonObject | undefined {
  try {
    return jsonObject.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** `fetch` says why in the cause of its error. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
