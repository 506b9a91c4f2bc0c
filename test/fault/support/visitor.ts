import { Client } from 'undici';
import type { Answer, Lane, RequestOptions } from '../../../bench/lane.ts';
import type { Ledger, Line } from './ledger.ts';

interface VisitorRequest extends RequestOptions {
  /** Sent as JSON. */
  readonly json?: object;
}

/** A lane whose every request, answered or not, stands in the ledger. */
export interface Visitor extends Lane {
  request(path: string, options?: VisitorRequest): Promise<Answer>;
  /** How many of its requests were refused or not answered. */
  failures(): number;
}

export interface VisitorOptions {
  /** The host and port that every request names. */
  readonly issuer: string;
  readonly ports: readonly number[];
  /** Which node to ask, by its place in `ports`; asked anew for every request, as a balancer would. */
  readonly node: () => number;
  readonly ledger: Ledger;
  /** Asks for pages, as a browser does. */
  readonly isBrowser: boolean;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks one of `count` nodes after the other. */
export function inTurn(count: number): () => number {
  let turn = 0;
  return () => (turn += 1) % count;
}

const ANSWER_WITHIN_MS = 20_000;
const CONNECT_WITHIN_MS = 2000;
const GONE = /expires=Thu, 01 Jan 1970/iu;

/** One connection to each node, and a browser's memory for cookies. A request without an answer rejects. */
export function createVisitor(options: VisitorOptions): Visitor {
  const { issuer, ports, ledger } = options;
  const { host } = new URL(issuer);
  const cookies = new Map<string, string>();
  const clients = new Map<number, Client>();
  let failures = 0;

  const clientOf = (node: number): Client => {
    const known = clients.get(node);
    if (known) return known;
    const client = new Client(`http://127.0.0.1:${ports[node]}`, {
      pipelining: 1,
      headersTimeout: ANSWER_WITHIN_MS,
      bodyTimeout: ANSWER_WITHIN_MS,
      connect: { timeout: CONNECT_WITHIN_MS },
    });
    clients.set(node, client);
    return client;
  };

  const headersOf = ({ headers = {}, form }: RequestOptions): Record<string, string> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    return {
      host,
      ...options.headers,
      ...headers,
      ...(options.isBrowser && { accept: 'text/html' }),
      ...(cookie !== '' && { cookie }),
      ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
    };
  };

  return {
    async request(path, request = {}) {
      const { method = 'GET', form, json } = request;
      const node = options.node();
      const atMs = performance.now();
      const note = (found: Pick<Line, 'status' | 'retryAfter' | 'error'>): void => {
        if (found.error !== undefined) failures += 1;
        const tookMs = performance.now() - atMs;
        ledger.note({ what: nameOf(path, request), node, atMs, tookMs, ...found });
      };
      const text = form ? new URLSearchParams(form).toString() : json && JSON.stringify(json);
      try {
        const headers = headersOf(request);
        const sent = { path, method, headers, body: text ?? null };
        const answer = await clientOf(node).request(sent);
        keepCookies(cookies, answer.headers['set-cookie'] ?? []);
        const body = await answer.body.text();
        const [retryAfter] = [answer.headers['retry-after']].flat();
        const { location } = answer.headers;
        const status = answer.statusCode;
        note({ status, retryAfter, error: status < 400 ? undefined : errorOf(body) });
        const found: Answer = {
          status,
          location: typeof location === 'string' ? location : undefined,
          body,
        };
        return found;
      } catch (error) {
        note({ status: 0, retryAfter: undefined, error: codeOf(error) });
        throw error;
      }
    },
    failures: () => failures,
    forgetCookies: () => cookies.clear(),
    async close() {
      await Promise.all([...clients.values()].map((client) => client.destroy()));
    },
  };
}

/** `GET /authorize/*`: without ids, which the ledger has no use for. */
function nameOf(path: string, { method = 'GET', form }: RequestOptions): string {
  const [pathname = ''] = path.split('?');
  const place = pathname.replace(/^(\/(?:authorize|interaction|register))\/.*/u, '$1/*');
  return [method, place, form?.['grant_type']].filter(Boolean).join(' ');
}

function errorOf(text: string): string {
  return /"error":"([^"]*)"/u.exec(text)?.[1] ?? 'page';
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return code ?? error.message;
}

function keepCookies(jar: Map<string, string>, lines: string | readonly string[]): void {
  for (const line of [lines].flat()) {
    const [pair = ''] = line.split(';');
    const name = pair.slice(0, pair.indexOf('='));
    const value = pair.slice(pair.indexOf('=') + 1);
    if (value === '' || GONE.test(line)) jar.delete(name);
    else jar.set(name, value);
  }
}
