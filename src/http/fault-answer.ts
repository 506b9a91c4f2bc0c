import type { ServerResponse } from 'node:http';
import type { Logger } from '../runtime/logger.ts';
import { wantsPage, type Exchange } from './exchange.ts';
import { faultOf, type Fault } from './fault.ts';
import { acceptedLanguages } from './languages.ts';
import type { Renderer } from './renderer.ts';

/** What `views/fault.liquid` is given. */
export interface FaultPage {
  readonly kind: Fault['kind'];
  readonly requestId: string;
}

/** Ends exchanges that failed: a page for people, JSON for programs. */
export interface FaultAnswer {
  /** Of an error: logs it when it was ours, then answers as far as an answer can still be given. */
  ofError(exchange: Exchange, error: unknown): Promise<void>;
  of(exchange: Exchange, fault: Fault): Promise<void>;
}

interface Answer {
  readonly contentType: string;
  readonly text: string;
}

/** OAuth clients know these codes (RFC 6749 sections 4.1.2.1 and 5.2). */
const OAUTH_CODES: Partial<Record<Fault['kind'], string>> = {
  unavailable: 'temporarily_unavailable',
  overloaded: 'temporarily_unavailable',
  internal: 'server_error',
  'not-found': 'not_found',
};

/** Pages by `renderer`; when that fails, too, the words of the status. */
export function createFaultAnswer(renderer: Renderer, logger: Logger): FaultAnswer {
  async function body(exchange: Exchange, fault: Fault): Promise<Answer> {
    const requestId = exchange.origin.requestId ?? '';
    if (!wantsPage(exchange.request)) {
      const error = OAUTH_CODES[fault.kind] ?? 'invalid_request';
      const words = exchange.faultWords?.(fault) ?? { error, request_id: requestId };
      return { contentType: 'application/json', text: JSON.stringify(words) };
    }
    const page: FaultPage = { kind: fault.kind, requestId };
    const languages = acceptedLanguages(exchange.request.headers['accept-language']);
    const text = await renderer.render('fault', page, languages);
    return { contentType: 'text/html; charset=utf-8', text };
  }

  async function of(exchange: Exchange, fault: Fault): Promise<void> {
    const { response } = exchange;
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const answer = await body(exchange, fault).catch((error: unknown) => {
      const fields = { event: 'http.page_failed', ...about(exchange), error: asError(error) };
      logger.error(fields, 'could not render the page of a fault');
      return { contentType: 'text/plain; charset=utf-8', text: `${fault.status}` };
    });
    send(exchange, fault, answer);
  }

  return {
    of,
    async ofError(exchange, error) {
      // Nobody is listening any more: a body cut off by its sender is no fault of ours.
      if (exchange.request.destroyed && !exchange.request.complete) return;
      const fault = faultOf(error);
      const fields = { event: 'http.fault', ...about(exchange), error: asError(error) };
      if (fault.status === 503) logger.warn(fields, 'could not answer a request for now');
      else if (fault.status >= 500)
        logger.error(fields, 'a request failed for a reason that nobody foresaw');
      await of(exchange, fault);
    },
  };
}

function send(
  { request, response }: Exchange,
  { status, retryAfterSeconds }: Fault,
  { contentType, text }: Answer,
): void {
  clearEntity(response);
  if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', retryAfterSeconds);
  // What is left of a body that nobody read would be taken for the next request's trouble.
  if (!request.complete) response.setHeader('Connection', 'close');
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}

/** Headers of the answer that did not come about. Cookies too: what they promised did not happen. */
function clearEntity(response: ServerResponse): void {
  for (const name of ['Content-Encoding', 'Content-Length', 'ETag', 'Location', 'Set-Cookie'])
    response.removeHeader(name);
}

function about({ request, route, origin }: Exchange): Readonly<Record<string, string>> {
  return { method: request.method ?? '', route, requestId: origin.requestId ?? '' };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(`not an error but ${typeof error}`);
}
