import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SMTPServerOptions } from 'smtp-server';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Carried, Parcel } from '../../../src/mail/carrier.ts';
import { mailConfig } from '../../../src/mail/config.ts';
import { createSmtpCarrier } from '../../../src/mail/smtp.ts';
import {
  createCertificate,
  smtpError,
  startSmtp,
  type TestCertificate,
  type TestSmtp,
} from '../../support/smtp.ts';

const PASSWORD = 'correct horse';
const PARCEL: Parcel = {
  id: 'letter-1',
  to: 'ada@example.com',
  message: {
    subject: 'Your code',
    text: 'Your code: 481516\n',
    html: '<p>481516</p>',
    link: '',
    code: '481516',
  },
};

let certificate: TestCertificate;
let passwordFile: string;
let closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  certificate = await createCertificate();
  passwordFile = join(certificate.folder, 'password');
  await writeFile(passwordFile, `${PASSWORD}\n`, { mode: 0o600 });
});
afterEach(async () => {
  for (const close of closers.toReversed()) await close();
  closers = [];
});
afterAll(() => certificate.remove());

async function start(options: SMTPServerOptions = {}): Promise<TestSmtp> {
  const { cert, key } = certificate;
  const server = await startSmtp({ cert, key, ...options });
  closers.push(server.close);
  return server;
}

async function send(
  server: Pick<TestSmtp, 'port'>,
  {
    smtp,
    name = 'Acme',
    parcel = PARCEL,
    ...more
  }: {
    readonly smtp?: object;
    readonly name?: string;
    readonly parcel?: Parcel;
    readonly replyTo?: string;
  } = {},
): Promise<Carried> {
  const settings = mailConfig.parse({
    from: 'accounts@id.example.com',
    smtp: { host: 'localhost', port: server.port, caFile: certificate.file, ...smtp },
    ...more,
  });
  const carrier = await createSmtpCarrier({ settings, name });
  try {
    return await carrier.carry(parcel);
  } finally {
    await carrier.close();
  }
}

/** A server that says no at one step. */
function refusing(step: 'onRcptTo' | 'onMailFrom' | 'onData', code: number): SMTPServerOptions {
  if (step !== 'onData') return { [step]: (...[, , done]: StepArguments) => done(smtpError(code)) };
  return {
    onData(stream, _session, done) {
      stream.resume();
      stream.on('end', () => done(smtpError(code)));
    },
  };
}

type StepArguments = readonly [address: unknown, session: unknown, done: (error: Error) => void];

describe('a letter arrives', () => {
  test('over TLS that was asked for, signed in, from the installation', async () => {
    const server = await start({
      authOptional: false,
      onAuth: ({ username, password }, _session, done) =>
        password === PASSWORD ? done(null, { user: username }) : done(smtpError(535)),
    });
    const carried = await send(server, {
      smtp: { user: 'latchkey', password: { file: passwordFile } },
      replyTo: 'help@example.com',
    });
    expect(carried).toEqual({ kind: 'taken' });
    const [received] = server.received;
    expect(received).toMatchObject({
      from: 'accounts@id.example.com',
      to: ['ada@example.com'],
      isSecure: true,
      user: 'latchkey',
    });
    for (const line of [
      'From: Acme <accounts@id.example.com>',
      'To: ada@example.com',
      'Reply-To: help@example.com',
      'Subject: Your code',
      'Message-ID: <letter-1@id.example.com>',
      'Auto-Submitted: auto-generated',
      'Content-Type: text/plain',
      'Content-Type: text/html',
      'Your code: 481516',
      '<p>481516</p>',
    ])
      expect(received?.raw).toContain(line);
  });

  test('over TLS from the first byte', async () => {
    const server = await start({ secure: true });
    expect(await send(server, { smtp: { tls: 'implicit' } })).toEqual({ kind: 'taken' });
    expect(server.received[0]).toMatchObject({ isSecure: true });
  });

  test('in clear, when that was asked for', async () => {
    const server = await start();
    expect(await send(server, { smtp: { tls: 'none' } })).toEqual({ kind: 'taken' });
    expect(server.received[0]).toMatchObject({ isSecure: false });
  });
});

describe('nothing is said to', () => {
  test('a server that takes TLS away (a man in the middle)', async () => {
    const server = await start({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] });
    expect(await send(server)).toMatchObject({ kind: 'later' });
    expect(server.received).toEqual([]);
  });

  test.each(['starttls', 'implicit'])('a server that nobody vouches for: %s', async (tls) => {
    const server = await start({ secure: tls === 'implicit' });
    const carried = await send(server, { smtp: { tls, caFile: undefined } });
    expect(carried).toMatchObject({ kind: 'later' });
    expect(server.received).toEqual([]);
  });

  test('a server of another name', async () => {
    const server = await start();
    expect(await send(server, { smtp: { host: '127.0.0.1' } })).toMatchObject({ kind: 'later' });
    expect(server.received).toEqual([]);
  });
});

describe('the answer of the server is understood', () => {
  test.each([
    ['nobody has the address', 'onRcptTo', 550, { kind: 'refused', code: '550' }],
    ['not now', 'onRcptTo', 451, { kind: 'later', code: '451' }],
    ['a sender that may not', 'onMailFrom', 553, { kind: 'later', code: '553' }],
    ['the letter is refused', 'onData', 554, { kind: 'refused', code: '554' }],
    ['the letter is put off', 'onData', 452, { kind: 'later', code: '452' }],
  ] as const)('%s', async (_, event, code, expected) => {
    const server = await start(refusing(event, code));
    expect(await send(server)).toEqual(expected);
  });

  test('a password that it does not take', async () => {
    const server = await start({ onAuth: (_auth, _session, done) => done(smtpError(535)) });
    const smtp = { user: 'latchkey', password: { file: passwordFile } };
    expect(await send(server, { smtp })).toEqual({ kind: 'later', code: '535' });
  });

  test('a connection that it drops', async () => {
    const server = await start({ onConnect: (_session, done) => done(smtpError(421)) });
    expect(await send(server)).toMatchObject({ kind: 'later' });
  });

  test('a letter that it never answers, when we leave', async () => {
    const taken = Promise.withResolvers<void>();
    const server = await start({
      onData(stream) {
        stream.resume();
        stream.on('end', () => taken.resolve());
      },
    });
    const smtp = { host: 'localhost', port: server.port, caFile: certificate.file };
    const settings = mailConfig.parse({ from: 'accounts@id.example.com', smtp });
    const carrier = await createSmtpCarrier({ settings, name: 'Acme' });
    const carried = carrier.carry(PARCEL);
    await taken.promise;
    await carrier.close();
    expect(await carried).toMatchObject({ kind: 'later' });
  });

  test('no server at all', async () => {
    const { port, close } = await startSmtp();
    await close();
    expect(await send({ port })).toEqual({ kind: 'later', code: 'ESOCKET' });
  });
});

describe('what others wrote', () => {
  test('begins no header (a name of the installation with a line break in it)', async () => {
    const server = await start();
    const parcel = {
      ...PARCEL,
      message: { ...PARCEL.message, subject: 'Hello\r\nBcc: thief@example.net' },
    };
    const name = 'Acme"\r\nBcc: thief@example.net';
    expect(await send(server, { parcel, name })).toEqual({ kind: 'taken' });
    expect(server.received[0]?.to).toEqual(['ada@example.com']);
    expect(server.received[0]?.wire).not.toMatch(/^Bcc:/m);
  });

  test('adds no recipient (an address that is two)', async () => {
    const server = await start();
    const parcel = { ...PARCEL, to: 'ada@example.com, thief@example.net' };
    expect(await send(server, { parcel })).toEqual({ kind: 'refused', code: 'EADDRESS' });
    expect(server.received).toEqual([]);
  });
});
