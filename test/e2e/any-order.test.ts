import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { decodeJwt } from 'jose';
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rounds } from '../support/counts.ts';
import { createCrawler, type Crawler, type FoundForm } from '../support/crawler.ts';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';

/*
 * Alice has a password and an authenticator app. One thief has her password, one has nothing; each has a browser, an
 * account of their own, and every path, form and form token that any browser was ever shown. In whatever order they
 * and Alice use the pages, no thief is ever signed in as her, and nothing of hers changes.
 */
const COMMAND = fileURLToPath(new URL('../../latchkey.mjs', import.meta.url));
const CALLBACK = 'http://127.0.0.1:1/callback';
const CLOCK = new URL('../fault/support/jumping-clock.program.ts', import.meta.url).href;
const VERIFIER = randomBytes(32).toString('base64url');
const PASSWORDS = { alice: 'the password of alice', thief: 'the password of thieves' };
const SECRET = 'app-secret-of-the-any-order-tests-0123456789';
/** The last asks for consent, so that thieves meet that page, too. */
const CLIENTS = ['app', 'strict', 'third'] as const;
const STEPS = 40;
const RUNS = rounds(12, 400);
const ENTRANCES = [
  '/account',
  '/account/security',
  '/account/password',
  '/account/email',
  '/account/authenticator',
  '/account/authenticator/remove',
  '/account/recovery-codes',
  '/account/delete',
  '/recover',
  '/join',
];
const run = promisify(execFile);

let latchkey: Latchkey;
let clockFile: string;
let alice: string;
/** Of the app that Alice has set up. */
let totp: TOTP;
let offsetSeconds = 0;
let addresses = 0;
/** How often Alice got in: a world in which nobody does would prove nothing. */
let timesIn = 0;

/** What one browser does next, by chance. */
interface Move {
  readonly who: keyof typeof CREW;
  readonly kind: 'enter' | 'link' | 'form' | 'anyones-form' | 'anyones-link';
  readonly choice: number;
  readonly other: number;
}

/** Who knows what. */
const CREW = {
  alice: { logins: ['alice'], passwords: [PASSWORDS.alice] },
  'has her password': {
    logins: ['alice', 'alice@example.com', 'thief'],
    passwords: [PASSWORDS.alice, PASSWORDS.thief],
  },
  'has nothing': { logins: ['alice', 'thief'], passwords: [PASSWORDS.thief, 'a guess at it'] },
} as const;
const THIEVES = ['has her password', 'has nothing'] as const;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-any-order-'));
  clockFile = join(folder, 'clock-offset');
  const client = { redirectUris: [CALLBACK], secretInClear: SECRET, firstParty: true };
  latchkey = await startLatchkey({
    folder,
    environment: { NODE_OPTIONS: `--import=${CLOCK}`, JUMPING_CLOCK_FILE: clockFile },
    settings: {
      authentication: { emailCode: true },
      joining: { mode: 'open' },
      http: { trustedProxies: ['127.0.0.1'] },
      clients: [
        { id: 'app', ...client },
        { id: 'strict', secondFactor: 'required', ...client },
        { id: 'third', ...client, firstParty: false },
      ],
      people: (['alice', 'thief'] as const).map((name) => ({
        username: name,
        email: `${name}@example.com`,
        emailVerified: true,
        password: PASSWORDS[name],
      })),
    },
  });
  const crawler = newCrawler();
  await crawler.visit(authorizePath('strict'));
  await fill(crawler, { login: 'alice', password: PASSWORDS.alice });
  const key = /class="key"><code>(?<key>[^<]*)</u.exec(crawler.html())?.groups?.['key'] ?? '';
  totp = new TOTP({ secret: Secret.fromBase32(key.replaceAll(' ', '')) });
  await fill(crawler, { code: rightCode() });
  // Without the recovery codes that are offered.
  await fill(crawler, { kept: 'yes' });
  const [found] = await subjects(crawler);
  alice = found ?? '';
  expect(alice).not.toBe('');
  await crawler.close();
});
afterAll(async () => {
  await latchkey.stop();
  await latchkey.clean();
});

test('no order of steps makes a thief Alice, or changes what is hers', async () => {
  const before = await whatAliceHas();
  await fc.assert(
    fc.asyncProperty(fc.array(move(), { minLength: STEPS, maxLength: STEPS }), walk),
    // Each run leaves counters and used codes behind: a shorter one would not be the same.
    { numRuns: RUNS, endOnFailure: true },
  );
  expect(await whatAliceHas()).toEqual(before);
  expect(timesIn).toBeGreaterThan(RUNS / 4);
});

function move(): fc.Arbitrary<Move> {
  return fc.record({
    who: fc.constantFrom<keyof typeof CREW>('alice', ...THIEVES, ...THIEVES),
    kind: fc.constantFrom<Move['kind']>(
      'enter',
      'form',
      'form',
      'form',
      'link',
      'anyones-form',
      'anyones-link',
    ),
    choice: fc.nat({ max: 1000 }),
    other: fc.nat({ max: 1000 }),
  });
}

/** One evening of three browsers, from their first page on. */
async function walk(moves: readonly Move[]): Promise<void> {
  await passTime();
  const crawlers = new Map(Object.keys(CREW).map((who) => [who, newCrawler()]));
  const shown: { readonly forms: FoundForm[]; readonly links: string[] } = { forms: [], links: [] };
  for (const one of moves) {
    const crawler = crawlers.get(one.who);
    if (crawler === undefined) throw new TypeError('everyone has a browser');
    await (one.who === 'alice' ? honest(crawler, one) : dishonest(crawler, one, shown));
    shown.forms.push(...crawler.forms());
    shown.links.push(...crawler.links());
    const found = await subjects(crawler);
    if (one.who !== 'alice') expect(found, one.who).not.toContain(alice);
    else if (found.includes(alice)) timesIn += 1;
  }
  for (const who of THIEVES) {
    const crawler = crawlers.get(who);
    if (crawler === undefined) throw new TypeError('everyone has a browser');
    await crawler.visit(`${authorizePath('app')}&prompt=none`);
    expect(await subjects(crawler), who).not.toContain(alice);
  }
  await Promise.all([...crawlers.values()].map((crawler) => crawler.close()));
}

/** Alice only signs in. */
async function honest(crawler: Crawler, { choice }: Move): Promise<void> {
  const form = crawler.forms().find(({ action }) => action.startsWith('/interaction/'));
  if (form === undefined) {
    await crawler.visit(authorizePath(CLIENTS[choice % CLIENTS.length] ?? 'app'));
    return;
  }
  const { logins, passwords } = CREW.alice;
  const values = { login: logins[0], password: passwords[0], code: rightCode() };
  await crawler.submit(form, { ...openOf(form, values), action: 'continue' });
}

async function dishonest(
  crawler: Crawler,
  one: Move,
  shown: { readonly forms: readonly FoundForm[]; readonly links: readonly string[] },
): Promise<void> {
  const { kind, choice } = one;
  const pick = <One>(from: readonly One[]): One | undefined => from[choice % from.length];
  if (kind === 'link' || kind === 'anyones-link') {
    const link = pick(kind === 'link' ? crawler.links() : shown.links);
    if (link !== undefined) await crawler.visit(link);
    return;
  }
  const form = kind === 'enter' ? undefined : pick(kind === 'form' ? crawler.forms() : shown.forms);
  const entrances = [...ENTRANCES, ...CLIENTS.map(authorizePath)];
  if (form === undefined) await crawler.visit(pick(entrances) ?? '/account');
  else await send(crawler, form, one);
}

async function send(crawler: Crawler, form: FoundForm, one: Move): Promise<void> {
  const { who, choice, other } = one;
  const { logins, passwords } = CREW[who];
  const values = {
    login: logins[choice % logins.length] ?? '',
    password: passwords[other % passwords.length] ?? '',
    'new-password': 'a password that the thief would like',
    code: String(other).padStart(6, '0'),
    email: 'thief@example.com',
    name: 'Thief',
  };
  const action = form.buttons[other % Math.max(1, form.buttons.length)] ?? 'continue';
  await crawler.submit(form, { ...openOf(form, values), action });
}

/** Of `values` what `form` asks for; what is asked beside that gets the password. */
function openOf(
  form: FoundForm,
  values: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    form.open
      .filter((name) => name !== '')
      .map((name) => [name, values[name] ?? values['password'] ?? '']),
  );
}

/** Fills in the first form, and goes on. */
async function fill(crawler: Crawler, values: Readonly<Record<string, string>>): Promise<void> {
  const [form] = crawler.forms();
  if (form === undefined) throw new Error(`no form: ${crawler.html()}`);
  await crawler.submit(form, { ...values, action: 'continue' });
}

/** A browser at an address of its own, so that nobody runs into another's limits. */
function newCrawler(): Crawler {
  addresses += 1;
  const address = `203.0.${Math.floor(addresses / 250)}.${(addresses % 250) + 1}`;
  return createCrawler(latchkey.issuer, address);
}

/** Far enough that every code of the app is a new one. */
async function passTime(): Promise<void> {
  offsetSeconds += 120;
  await writeFile(clockFile, String(offsetSeconds));
}

function rightCode(): string {
  return totp.generate({ timestamp: Date.now() + offsetSeconds * 1000 });
}

function authorizePath(clientId: string): string {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: CALLBACK,
    scope: 'openid',
    state: clientId,
    code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
    code_challenge_method: 'S256',
  });
  return `/authorize?${query.toString()}`;
}

/** Whose codes the browser was sent away with since it was last asked. */
async function subjects(crawler: Crawler): Promise<readonly string[]> {
  const found: string[] = [];
  for (const url of crawler.left.splice(0)) {
    const code = url.searchParams.get('code');
    if (code === null) continue;
    const answer = await fetch(`${latchkey.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${url.searchParams.get('state')}:${SECRET}`)}` },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        redirect_uri: CALLBACK,
        code_verifier: VERIFIER,
      }),
    });
    const tokens = (await answer.json()) as { readonly id_token: string };
    found.push(decodeJwt(tokens.id_token).sub ?? '');
  }
  return found;
}

/** As an operator sees it. */
async function whatAliceHas(): Promise<unknown> {
  const { configFile, folder } = latchkey;
  const words = [COMMAND, 'person', 'show', 'alice', '--json', '--config', configFile];
  const { stdout } = await run(process.execPath, words, { cwd: folder });
  return JSON.parse(stdout, (name, value: unknown) =>
    /(?:last|used|updated|seen|limit|failures)/iu.test(name) ? undefined : value,
  );
}
