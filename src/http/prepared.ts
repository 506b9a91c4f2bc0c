import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PreparedDocument } from '../provider/contract.ts';
import type { Clock } from '../runtime/clock.ts';

const PREFLIGHT_AGE_SECONDS = 86_400;

/**
 * Answers with a document that is the same for everyone (RFC 9110 section 13.1.2: If-None-Match), readable by
 * scripts of any origin: it holds nothing that is not public. True: the whole document went out.
 */
export function answerPrepared(
  request: IncomingMessage,
  response: ServerResponse,
  document: PreparedDocument,
): boolean {
  const { method, headers } = request;
  if (method === 'OPTIONS') {
    answerPreflight(response);
    return false;
  }
  if (method !== 'GET' && method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD, OPTIONS', 'Cache-Control': 'no-store' }).end();
    return false;
  }
  const known = headers['if-none-match'];
  if (known !== undefined && isAmong(document.etag, known)) {
    response.writeHead(304, validatorsOf(document)).end();
    return false;
  }
  response.writeHead(200, headersOf(document));
  response.end(method === 'HEAD' ? undefined : document.body);
  return method === 'GET';
}

/**
 * The bytes that `answerPrepared` and node:http send for a GET on a connection that stays open, put together once a
 * second: the whole of the answer but for what depends on the request.
 */
export function createWholeAnswers(
  clock: Clock,
  keepAliveSeconds: number,
): (document: PreparedDocument) => Buffer {
  const made = new WeakMap<PreparedDocument, Made>();
  return (document) => {
    const [second, { cacheControl }] = [clock.now(), document];
    const last = made.get(document);
    if (last?.second === second && last.cacheControl === cacheControl) return last.bytes;
    const bytes = wholeAnswer(document, second, keepAliveSeconds);
    made.set(document, { second, cacheControl, bytes });
    return bytes;
  };
}

interface Made {
  readonly second: number;
  /** The one header that may change while the document stays. */
  readonly cacheControl: string;
  readonly bytes: Buffer;
}

function wholeAnswer(document: PreparedDocument, now: number, keepAliveSeconds: number): Buffer {
  const lines = Object.entries({
    ...headersOf(document),
    Date: new Date(now * 1000).toUTCString(),
    Connection: 'keep-alive',
    ...(keepAliveSeconds > 0 && { 'Keep-Alive': `timeout=${Math.floor(keepAliveSeconds)}` }),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 200 OK\r\n${lines.join('')}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), document.body]);
}

function headersOf(document: PreparedDocument): Record<string, string | number> {
  return {
    ...validatorsOf(document),
    'Content-Type': document.contentType,
    'Content-Length': document.body.length,
  };
}

function validatorsOf({ etag, cacheControl }: PreparedDocument): Record<string, string> {
  return {
    ETag: etag,
    'Cache-Control': cacheControl,
    'Access-Control-Allow-Origin': '*',
    'X-Content-Type-Options': 'nosniff',
    // An SVG opened by itself is a document, too.
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  };
}

function answerPreflight(response: ServerResponse): void {
  response.writeHead(204, {
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Allow-Methods': 'GET, HEAD',
    'Access-Control-Allow-Headers': '*',
    'Access-Control-Max-Age': PREFLIGHT_AGE_SECONDS,
  });
  response.end();
}

/** By the weak comparison, as If-None-Match demands. */
function isAmong(etag: string, known: string): boolean {
  if (known.trim() === '*') return true;
  return known.split(',').some((tag) => strong(tag.trim()) === strong(etag));
}

function strong(etag: string): string {
  return etag.replace(/^W\//, '');
}
