import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PreparedDocument } from '../provider/contract.ts';

const PREFLIGHT_AGE_SECONDS = 86_400;

/**
 * Answers with a document that is the same for everyone (RFC 9110 section 13.1.2: If-None-Match), readable by
 * scripts of any origin: it holds nothing that is not public.
 */
export function answerPrepared(
  request: IncomingMessage,
  response: ServerResponse,
  { body, etag, contentType, cacheControl }: PreparedDocument,
): void {
  const { method, headers } = request;
  if (method === 'OPTIONS') {
    answerPreflight(response);
    return;
  }
  if (method !== 'GET' && method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD, OPTIONS', 'Cache-Control': 'no-store' }).end();
    return;
  }
  const validators = {
    ETag: etag,
    'Cache-Control': cacheControl,
    'Access-Control-Allow-Origin': '*',
    'X-Content-Type-Options': 'nosniff',
    // An SVG opened by itself is a document, too.
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  };
  const known = headers['if-none-match'];
  if (known !== undefined && isAmong(etag, known)) {
    response.writeHead(304, validators).end();
    return;
  }
  response.writeHead(200, {
    ...validators,
    'Content-Type': contentType,
    'Content-Length': body.length,
  });
  response.end(method === 'HEAD' ? undefined : body);
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
