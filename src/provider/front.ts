import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PreparedDocument } from './contract.ts';
import { ROUTES, type Endpoints } from './routes.ts';

const FORM_BYTES_MAX = 8 * 1024;
/** Endpoints where a browser may post what it could also have asked for. */
const POSTABLE: ReadonlySet<string> = new Set([ROUTES.authorization, ROUTES.end_session]);

/** What happens to a request before the engine sees it. */
export interface Front {
  /** True: it was answered here. Else `request` is as the engine's router knows it. */
  admit(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

/** `document`: the prepared documents of the moment. */
export function createFront(options: {
  readonly endpoints: Endpoints;
  readonly document: (path: string) => PreparedDocument | undefined;
}): Front {
  const { endpoints, document } = options;
  return {
    async admit(request, response) {
      const { path, query } = targetOf(request.url ?? '/');
      const prepared = document(path);
      if (prepared !== undefined) {
        answerDocument(request, response, prepared);
        return true;
      }
      const enginePath = endpoints.enginePath(path);
      if (enginePath === undefined) {
        end(response, 404, { error: 'not_found' });
        return true;
      }
      if (request.method === 'POST' && POSTABLE.has(enginePath)) {
        await answerPost(request, response, endpoints.url(enginePath));
        return true;
      }
      // The engine takes what stands before `url` in `originalUrl` for the path it is mounted at.
      Object.assign(request, {
        originalUrl: `${endpoints.base}${enginePath}${query}`,
        url: `${enginePath}${query}`,
      });
      return false;
    },
  };
}

/** A request target may be a whole URL (RFC 9112 section 3.2.2), whose host is no business of ours. */
function targetOf(target: string): { readonly path: string; readonly query: string } {
  const origin = /^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i.exec(target)?.[0] ?? '';
  const rest = target.slice(origin.length);
  const mark = rest.indexOf('?');
  return mark === -1
    ? { path: rest === '' ? '/' : rest, query: '' }
    : { path: rest.slice(0, mark), query: rest.slice(mark) };
}

/** For hosts that do not answer the documents themselves. */
function answerDocument(
  request: IncomingMessage,
  response: ServerResponse,
  { body, etag, contentType, cacheControl }: PreparedDocument,
): void {
  response.setHeader('Access-Control-Allow-Origin', '*');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    response.writeHead(request.method === 'OPTIONS' ? 204 : 405).end();
    return;
  }
  response.setHeader('ETag', etag);
  response.setHeader('Cache-Control', cacheControl);
  response.setHeader('Content-Type', contentType);
  if (request.headers['if-none-match'] === etag) response.writeHead(304).end();
  else response.writeHead(200, { 'Content-Length': body.length }).end(body);
}

/**
 * OpenID Connect Core section 3.1.2.1 wants POST at the authorization endpoint, RP-Initiated Logout section 2 at
 * the logout endpoint. The engine would take it only with session cookies that browsers send along with
 * posts of any site (SameSite=None). Instead the browser is sent to the same request as a GET, which is a
 * navigation and carries our cookies as they are.
 */
async function answerPost(
  request: IncomingMessage,
  response: ServerResponse,
  url: string,
): Promise<void> {
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  const form = isForm === true ? await readForm(request) : undefined;
  if (form === undefined) {
    const error_description = 'expected a form of at most 8 KB';
    end(response, 400, { error: 'invalid_request', error_description });
    return;
  }
  response.setHeader('Cache-Control', 'no-store');
  response.writeHead(303, { Location: `${url}?${form.toString()}` }).end();
}

/** Undefined when it is too long for a URL. Rejects when the request breaks off. */
async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const body: AsyncIterable<Buffer> = request;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes <= FORM_BYTES_MAX) chunks.push(chunk);
  }
  if (bytes > FORM_BYTES_MAX) return undefined;
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

function end(response: ServerResponse, status: number, body: object): void {
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.writeHead(status).end(JSON.stringify(body));
}
