import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRooms, type Rooms } from '../../src/compose.ts';
import { startNode } from '../../src/start-node.ts';
import { systemClock, type Clock } from '../../src/runtime/clock.ts';
import { settingsSchema } from '../../src/settings.ts';
import { CHEAP_HASHES, PASSWORD_HASH } from './passwords.ts';
import { freePort } from './ports.ts';
import { createBrowser } from './provider-browser.ts';
import { createRecordingLogger, type LogLine } from './recording-logger.ts';

/** A letter as `/dev/inbox.json` has it. */
export interface Letter {
  readonly subject: string;
  readonly to: string;
  readonly name: string;
  readonly text: string;
  readonly links: readonly string[];
  readonly codes: readonly string[];
}

/** What a person sees. */
export interface Seen {
  readonly url: URL;
  readonly status: number;
  readonly html: string;
  readonly headers: Headers;
}

/** Somebody at a browser of their own. */
export interface Visitor {
  get(path: string): Promise<Seen>;
  /** Sends the form of the page that was seen last, or of `page`, to `action`. */
  send(action: string, fields?: Readonly<Record<string, string>>, page?: Seen): Promise<Seen>;
  /** From the sign-in page to where it leads; `totp`: the key of the app, if it is asked for. */
  signIn(login: string, options?: { password?: string; totp?: string }): Promise<Seen>;
}

/** A whole node in this process, whose clock tests can move on. */
export interface AccountNode {
  readonly issuer: string;
  readonly log: readonly LogLine[];
  readonly clock: { advance(seconds: number): void };
  visitor(userAgent?: string): Visitor;
  letters(to: string): Promise<readonly Letter[]>;
  /** The rooms beside the node, as an operator's command opens them; whoever asks closes them. */
  openRooms(): Promise<Rooms>;
  close(): Promise<void>;
}

export const PASSWORD = 'latchkey-dev';
/** Whose address nobody has confirmed. */
const UNVERIFIED = 'mia';
const PEOPLE = [
  'ann',
  'ben',
  'cat',
  'dan',
  'eve',
  'fay',
  'gus',
  'hal',
  'ida',
  'jon',
  'kim',
  'lee',
  'yves',
  UNVERIFIED,
];

/** Whose picture is the issuer's own. */
const PICTURED = 'yves';

/** `settings` over those of the dev profile. Everybody is `<name>@example.com`, with one password; `pia` has a picture of ours. */
export async function openAccountNode(
  settings: Readonly<Record<string, unknown>> & { readonly http?: object } = {},
): Promise<AccountNode> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-account-'));
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const { clock, advance } = createMovableClock();
  const { logger, lines } = createRecordingLogger();
  const { http = {}, ...others } = settings;
  const parsed = settingsSchema.parse({
    profile: 'dev',
    issuer,
    http: {
      listen: { host: '127.0.0.1', port },
      metrics: { port: 0 },
      drainDelay: '0s',
      ...http,
    },
    storage: { embedded: { file: join(folder, 'latchkey.sqlite') } },
    signingKeys: { folder: join(folder, 'keys') },
    people: PEOPLE.map((name) => ({
      username: name,
      email: `${name}@example.com`,
      emailVerified: name !== UNVERIFIED,
      passwordHash: PASSWORD_HASH,
      ...(name === PICTURED && { claims: { picture: `${issuer}/assets/alice.svg` } }),
    })),
    signIn: { argon2: CHEAP_HASHES },
    ...others,
  });
  const ending = new AbortController();
  const node = await startNode(parsed, { logger, clock, signal: ending.signal });
  return {
    issuer,
    log: lines,
    clock: { advance },
    visitor: (userAgent = 'Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0') =>
      createVisitor(issuer, userAgent),
    async letters(to) {
      const answer = await fetch(`${issuer}/dev/inbox.json?to=${encodeURIComponent(to)}`);
      return (await answer.json()) as readonly Letter[];
    },
    openRooms: () => openRooms(parsed, { logger, clock, signal: ending.signal }),
    async close() {
      ending.abort();
      await node.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Its sleepers keep to the machine's time: what runs in the background is not hastened. */
function createMovableClock(): { readonly clock: Clock; advance(seconds: number): void } {
  let aheadMs = 0;
  const nowMs = (): number => systemClock.nowMs() + aheadMs;
  return {
    clock: { ...systemClock, nowMs, now: () => Math.floor(nowMs() / 1000) },
    advance: (seconds) => void (aheadMs += seconds * 1000),
  };
}

function createVisitor(issuer: string, userAgent: string): Visitor {
  const browser = createBrowser(issuer);
  let last: Seen | undefined;

  async function visit(url: string, init: RequestInit = {}): Promise<Seen> {
    const headers = new Headers(init.headers);
    headers.set('user-agent', userAgent);
    headers.set('accept', 'text/html');
    headers.set('accept-language', 'en');
    const visited = await browser.visit(url, { ...init, headers });
    const { response } = visited;
    if (response === undefined) throw new Error(`was sent away, to ${visited.url.href}`);
    const { status, headers: answered } = response;
    last = { url: visited.url, status, html: await response.text(), headers: answered };
    return last;
  }

  async function send(
    action: string,
    fields: Readonly<Record<string, string>> = {},
    page: Seen | undefined = last,
  ): Promise<Seen> {
    const { html = '' } = page ?? {};
    const body = new URLSearchParams({ csrf: csrfIn(html), shown: shownIn(html), ...fields });
    return await visit(action, { method: 'POST', body });
  }

  return {
    get: visit,
    send,
    async signIn(login, { password = PASSWORD, totp } = {}) {
      const action = 'continue';
      let page = last ?? (await visit('/account'));
      if (page.html.includes('name="password"'))
        page = await send(page.url.href, { login, password, action });
      if (totp === undefined || !page.url.pathname.startsWith('/interaction')) return page;
      return await send(page.url.href, { code: totp, action });
    },
  };
}

/** The token of the first form of a page. */
export function csrfIn(html: string): string {
  return /name="csrf" value="(?<token>[^"]*)"/u.exec(html)?.groups?.['token'] ?? '';
}

/** What a page of consent says that it shows; empty: it is another. */
function shownIn(html: string): string {
  return /name="shown" value="(?<name>[^"]*)"/u.exec(html)?.groups?.['name'] ?? '';
}
