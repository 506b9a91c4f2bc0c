import { globSync, readFileSync } from 'node:fs';
import { Command } from 'commander';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { AuditEvent } from '../../../src/audit/audit.ts';
import { registerMailCommands } from '../../../src/cli/mail.ts';
import { openViews, type Views } from '../../../src/http/views.ts';
import { createMailAdministration } from '../../../src/mail/administration.ts';
import { mailConfig } from '../../../src/mail/config.ts';
import { createMail, MAIL_TOPIC } from '../../../src/mail/create-mail.ts';
import type { Mail } from '../../../src/mail/mail.ts';
import { openPost } from '../../../src/mail/open-post.ts';
import type { OpenedPost } from '../../../src/mail/open-way.ts';
import { createSealer } from '../../../src/runtime/sealing.ts';
import type { Embedded } from '../../../src/storage/embedded/open-embedded.ts';
import { createEmbeddedPlace, type EmbeddedPlace } from '../../support/embedded-file.ts';
import { PLAIN_THEME, VIEWS_FOLDER } from '../../support/pages-host.ts';
import { startSmtp } from '../../support/smtp.ts';

const sealer = createSealer([new Uint8Array(32).fill(3)]);
const RECOVERY = {
  to: 'ada@example.com',
  name: 'recovery',
  data: { url: 'https://id.example.com/recover?token=t0p-s3cret', minutes: 600 },
  languages: ['en'],
} as const;

let views: Views;
let place: EmbeddedPlace;
let store: Embedded;
let mail: Mail & { close(): Promise<void> };
let audited: AuditEvent[];
let closers: (() => Promise<void>)[];

beforeAll(async () => {
  views = await openViews({ folder: VIEWS_FOLDER, theme: PLAIN_THEME, languages: [] });
});
beforeEach(async () => {
  place = await createEmbeddedPlace();
  store = await place.open();
  await store.records.migrate();
  mail = createMail({ ...house(), sealer });
  audited = [];
  closers = [mail.close];
});
afterEach(async () => {
  for (const close of closers.toReversed()) await close();
  await place.close();
});

function house() {
  const { clock, logger } = place;
  const { records, state } = store;
  const audit = {
    record: async (event: AuditEvent) => void audited.push(event),
    note: () => undefined,
    flush: async () => undefined,
    close: async () => undefined,
  };
  return { records, state, clock, logger, audit };
}

/** Settings of a mail server in clear, on `port`. */
function settingsFor(port: number) {
  const smtp = { host: '127.0.0.1', port, tls: 'none' };
  return mailConfig.parse({ from: 'accounts@id.example.com', smtp });
}

async function open(
  settings = mailConfig.parse({}),
  isDev = false,
  opener = sealer,
): Promise<OpenedPost> {
  const post = await openPost({
    ...house(),
    sealer: opener,
    stationery: views,
    settings,
    name: 'Acme',
    isDev,
    count: () => undefined,
  });
  closers.push(post.close);
  return post;
}

/** Runs `latchkey mail ...`; gives what it printed. */
async function latchkey(...args: readonly string[]): Promise<string> {
  const printed: string[] = [];
  const program = new Command('latchkey').exitOverride();
  registerMailCommands(program, async () => ({
    mailAdministration: createMailAdministration({
      ...house(),
      sealer,
      settings: settingsFor(smtpPort),
      name: 'Acme',
      openStationery: async () => views,
    }),
    print: (text) => void printed.push(text),
    printError: () => undefined,
    close: async () => undefined,
  }));
  await program.parseAsync(['mail', ...args], { from: 'user' });
  return printed.join('\n');
}

let smtpPort = 1;

test('a letter waits while the mail server is down, and leaves when it is back', async () => {
  const gone = await startSmtp();
  await gone.close();
  const post = await open(settingsFor(gone.port));
  await mail.send(RECOVERY);
  await expect.poll(() => place.logger.events()).toEqual(['mail.postponed']);
  expect(post.health().remarks[0]).toMatch(/^a letter could not leave \(ESOCKET\)/);
  expect(await post.countWaiting()).toBe(1);

  const back = await startSmtp({}, gone.port);
  // After the post, which keeps a connection.
  closers.unshift(back.close);
  place.clock.advance(61);
  await expect
    .poll(async () => {
      await store.state.notify(MAIL_TOPIC);
      return back.received.length;
    })
    .toBe(1);
  expect(back.received[0]?.raw).toContain('https://id.example.com/recover?token=t0p-s3cret');
  await expect.poll(() => post.countWaiting()).toBe(0);
});

test('an operator sees a letter without its words, and has it tried at once', async () => {
  const gone = await startSmtp();
  await gone.close();
  smtpPort = gone.port;
  await open(settingsFor(gone.port));
  await mail.send(RECOVERY);
  await expect.poll(() => place.logger.events()).toEqual(['mail.postponed']);
  expect(await latchkey('list')).toMatch(
    /^\S+ +recovery +ada@example\.com +waiting +2027-01-15T08:00:00Z +1 +2027-01-15T08:01:00Z +ESOCKET$/m,
  );
  expect(await latchkey('list', '--json')).not.toContain('s3cret');
  await expect(latchkey('test', 'eve@example.com')).rejects.toMatchObject({
    code: 'ERR_LETTER_NOT_TAKEN',
  });

  const back = await startSmtp({}, gone.port);
  // After the post, which keeps a connection.
  closers.unshift(back.close);
  expect(await latchkey('retry', '--json')).toBe('{\n  "letters": 1\n}');
  await expect.poll(() => back.received.length).toBe(1);
  expect(await latchkey('test', 'eve@example.com')).toBe(
    'The mail server took a letter to eve@example.com.',
  );
  expect(back.received[1]).toMatchObject({ to: ['eve@example.com'] });
  await expect.poll(() => latchkey('list')).toMatch(/ sent /);
  expect(audited).toMatchObject([
    { type: 'mail.tested', by: 'cli', result: 'ESOCKET' },
    { type: 'mail.retried', by: 'cli', letters: 1 },
    { type: 'mail.tested', by: 'cli', result: 'taken' },
  ]);
});

test('neither code nor link of a letter is in the database file', async () => {
  await mail.send({
    ...RECOVERY,
    name: 'sign-in-code',
    data: { ...RECOVERY.data, code: '99481516', clientName: '' },
  });
  const bytes = globSync(`${place.file}*`).map((file) => readFileSync(file, 'latin1'));
  expect(bytes.join('')).toContain('ada@example.com');
  expect(bytes.join('')).not.toMatch(/99481516|t0p-s3cret/);
});

test('in production without a mail server letters wait, and /readyz says so', async () => {
  const post = await open();
  await mail.send(RECOVERY);
  expect(post.inbox).toBeUndefined();
  expect(post.health()).toEqual({
    ok: true,
    remarks: ['mail.smtp.host is not set: letters wait, and are given up in time'],
  });
  expect(await post.countWaiting()).toBe(1);
});

test('in the dev profile without a mail server letters lie open in an inbox', async () => {
  const { inbox, health } = await open(undefined, true);
  await mail.send(RECOVERY);
  place.clock.advance(1);
  await mail.send({ ...RECOVERY, to: 'bob@example.com', languages: ['de'] });
  expect(health().remarks).toEqual([]);
  const letters = (await inbox?.list()) ?? [];
  expect(letters.map(({ to, subject }) => [to, subject])).toEqual([
    ['bob@example.com', 'Zurück in Ihr Konto bei Latchkey'],
    ['ada@example.com', 'Get back into your account at Latchkey'],
  ]);
  expect(await inbox?.list('bob@example.com')).toEqual(letters.slice(0, 1));
  expect(await inbox?.find(letters[1]?.id ?? '')).toMatchObject({ link: RECOVERY.data.url });
  await inbox?.clear();
  expect(await inbox?.list()).toEqual([]);
});

test('of the letters of one second the inbox has the one that came last first', async () => {
  const { inbox } = await open(undefined, true);
  const names = Array.from({ length: 20 }, (_, number) => `p${number}@example.com`);
  for (const to of names) await mail.send({ ...RECOVERY, to });
  expect((await inbox?.list())?.map(({ to }) => to)).toEqual(names.toReversed());
});

test('the inbox holds 200 letters, and the oldest make way', async () => {
  const { inbox } = await open(undefined, true);
  const queued = Array.from({ length: 203 }, (_, number) => {
    place.clock.advance(1);
    return mail.queue({ ...RECOVERY, to: `p${number}@example.com` });
  });
  await store.records.write(...queued);
  const letters = (await inbox?.list()) ?? [];
  expect(letters.length).toBe(200);
  expect(letters.at(-1)?.to).toBe('p3@example.com');
  const { queries } = store.records;
  expect(await store.records.all(queries.selectFrom('letter').select('id'))).toHaveLength(200);
});

test('a letter that waits survives the master key that it was sealed under', async () => {
  const smtp = await startSmtp();
  closers.unshift(smtp.close);
  const next = createSealer([new Uint8Array(32).fill(4)]);
  await mail.send(RECOVERY);
  const administration = createMailAdministration({
    ...house(),
    sealer,
    settings: settingsFor(smtp.port),
    name: 'Acme',
    openStationery: async () => views,
  });
  expect(await administration.reseal(next)).toBe(1);
  // What cannot be opened is left as it is.
  expect(await administration.reseal(next)).toBe(0);
  await open(settingsFor(smtp.port), false, next);
  await expect.poll(() => smtp.received.length).toBe(1);
  expect(smtp.received[0]?.raw).toContain('https://id.example.com/recover?token=t0p-s3cret');
});
