import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createProgram, runProgram, type ProgramRooms } from '../../../src/cli/program.ts';
import type { CommandRooms } from '../../../src/cli/rooms.ts';
import { signInConfig } from '../../../src/accounts/config.ts';
import { auth0Config } from '../../../src/auth0/config.ts';
import { clientsConfig } from '../../../src/clients/config.ts';
import { cognitoConfig } from '../../../src/cognito/config.ts';
import { issuerConfig, profileConfig } from '../../../src/config/installation.ts';
import { sensitive } from '../../../src/config/values.ts';
import { httpConfig } from '../../../src/http/config.ts';
import { mailConfig } from '../../../src/mail/config.ts';
import { registrationConfig } from '../../../src/provider/config.ts';
import { protocolConfig } from '../../../src/provider/features/config.ts';
import { devConfig } from '../../../src/dev/config.ts';
import { signingKeysConfig } from '../../../src/signing-keys/config.ts';
import { smsConfig } from '../../../src/sms/config.ts';
import { storageConfig } from '../../../src/storage/config.ts';
import { createFakeAccounts, createFakeClients, piped, type FakeAccounts } from './fakes.ts';

const schema = z.strictObject({
  profile: profileConfig,
  issuer: issuerConfig,
  http: httpConfig,
  storage: storageConfig,
  signingKeys: signingKeysConfig,
  registration: registrationConfig,
  protocol: protocolConfig,
  mail: mailConfig,
  sms: smsConfig,
  clients: clientsConfig,
  signIn: signInConfig,
  auth0: auth0Config,
  cognito: cognitoConfig,
  dev: devConfig,
  people: z.array(z.strictObject({ password: sensitive().optional() })).default([]),
});
/** Rooms whose commands have tests of their own. */
const ELSEWHERE = {} as Omit<ProgramRooms, 'accounts' | 'clients' | 'close'>;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-cli-'));
});

afterAll(() => rm(folder, { recursive: true }));

/** A config file whose stores lie in the test's own folder, so that only its settings are judged. */
async function configOf(text: string): Promise<string> {
  const file = join(folder, `${Math.random()}.yaml`);
  const places = `storage: { embedded: { file: ${join(folder, 'data')} } }\nsigningKeys: { folder: ${folder} }\n`;
  await writeFile(file, places + text);
  return file;
}

interface Terminal {
  readonly accounts: FakeAccounts;
  readonly rooms: CommandRooms;
  /** Settings that nodes were started with. */
  readonly started: unknown[];
  closed(): number;
  run(args: readonly string[], given?: { input?: Readable; environment?: object }): Promise<Answer>;
}

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function openTerminal(fault?: Error): Terminal {
  let closed = 0;
  const started: unknown[] = [];
  const accounts = createFakeAccounts();
  const rooms = { accounts, clients: createFakeClients(), close: async () => void (closed += 1) };
  return {
    accounts,
    rooms,
    started,
    closed: () => closed,
    async run(args, { input = piped(''), environment = {} } = {}) {
      const [out, err]: [string[], string[]] = [[], []];
      const output = {
        print: (text: string) => void out.push(text),
        printError: (text: string) => void err.push(text),
      };
      const program = createProgram({
        ...output,
        schema,
        version: '1.2.3',
        environment: { ...environment },
        input,
        openRooms: async () => {
          if (fault) throw fault;
          return { ...rooms, ...ELSEWHERE };
        },
        startNode: async (settings) => void started.push(settings),
      });
      const code = await runProgram(program, args, output);
      return { code, out: out.join('\n'), err: err.join('\n') };
    },
  };
}

test('version needs no configuration', async () => {
  expect(await openTerminal().run(['version'])).toEqual({ code: 0, out: '1.2.3', err: '' });
  expect((await openTerminal().run(['version', '--json'])).out).toBe('{\n  "version": "1.2.3"\n}');
});

test('help is no failure and tells of every command', async () => {
  const { code, out } = await openTerminal().run(['--help']);
  expect(code).toBe(0);
  for (const name of ['start', 'check', 'version', 'client', 'person', 'keys', 'revoke', 'audit'])
    expect(out).toContain(name);
});

test('an unknown command says what was meant', async () => {
  const { code, err } = await openTerminal().run(['strat']);
  expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('Did you mean start?') });
});

test('without a configuration, what to do is said', async () => {
  const { code, err } = await openTerminal().run(['check']);
  expect(code).toBe(1);
  expect(err).toMatch(
    /^ERR_NO_CONFIG: .*--config FILE or set LATCHKEY_CONFIG.*latchkey.example.yaml/,
  );
});

test('a configuration that is not there is named', async () => {
  const { err } = await openTerminal().run(['check', '--config', '/nowhere.yaml']);
  expect(err).toBe('ERR_CONFIG_UNREADABLE: cannot read the configuration /nowhere.yaml: ENOENT');
});

test('the configuration may be named by the environment, before or behind the command', async () => {
  const file = await configOf('');
  const terminal = openTerminal();
  expect((await terminal.run(['check'], { environment: { LATCHKEY_CONFIG: file } })).code).toBe(0);
  expect((await terminal.run(['--config', file, 'check'])).code).toBe(0);
  expect((await terminal.run(['check', '--config', file])).code).toBe(0);
});

test('check shows the settings in force, masked, and what is insecure', async () => {
  const file = await configOf('profile: dev\npeople: [{ password: hunter2 }]\n');
  const environment = { LATCHKEY_HTTP_LISTEN_HOST: '0.0.0.0' };
  const { code, out, err } = await openTerminal().run(['check', '--config', file], { environment });
  expect(code).toBe(1);
  expect(out).toContain('host: 0.0.0.0');
  expect(out).toContain('password: "[masked]"');
  expect(out).toContain('# REFUSED  http.listen.host: 0.0.0.0 can be reached from other machines');
  expect(out + err).not.toContain('hunter2');
  expect(err).toBe('ERR_CHECK_FAILED: a node would refuse to start: 1 refused above');
});

test('check as JSON has settings, refusals and warnings', async () => {
  const file = await configOf('');
  const { code, out } = await openTerminal().run(['check', '--config', file, '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    settings: { issuer: 'http://localhost:4000', http: { limits: { body: '64KB' } } },
    refusals: [],
    warnings: [{ setting: 'issuer' }, { setting: 'mail.smtp.host' }],
  });
});

test('check tells every mistake of the file', async () => {
  const file = await configOf('isuer: x\nhttp: 5\n');
  const { code, err } = await openTerminal().run(['check', '--config', file]);
  expect(code).toBe(1);
  expect(err).toContain(
    `ERR_INVALID_CONFIG: the configuration has 2 mistakes:\n  ${file}:3:1 isuer: unknown`,
  );
});

test('start starts a node with the settings, and warns', async () => {
  const terminal = openTerminal();
  const { code, err } = await terminal.run(['start', '--config', await configOf('')]);
  expect(code).toBe(0);
  expect(err).toMatch(/^warning: issuer: /);
  expect(terminal.started).toMatchObject([{ issuer: 'http://localhost:4000' }]);
});

test('start refuses what is insecure before anything is opened', async () => {
  const terminal = openTerminal();
  const file = await configOf('issuer: http://id.example.com\n');
  const { code, err } = await terminal.run(['start', '--config', file]);
  expect(code).toBe(1);
  expect(err).toContain(
    'ERR_INSECURE_CONFIG: this would be insecure, so it does not start:\n  issuer: ',
  );
  expect(terminal.started).toEqual([]);
});

describe('dev', () => {
  const TENANT =
    'profile: dev\nauth0: { tenants: [{ name: a, issuer: "http://localhost/", listen: { port: 80 } }] }';

  test.each([
    ['dev.example.test', 'http://dev.example.test:4001/', 4001],
    ['Dev.Example.test:80', 'http://dev.example.test/', 80],
    ['dev.example.test:443 --https', 'https://dev.example.test/', 443],
    ['localhost:8443 --https', 'https://localhost:8443/', 8443],
  ])('--auth0 %s gives the tenant its domain', async (words, issuer, port) => {
    const terminal = openTerminal();
    const file = await configOf(TENANT);
    const args = ['dev', '--config', file, '--auth0', ...words.split(' ')];
    expect(await terminal.run(args)).toMatchObject({ code: 0 });
    const tls = words.endsWith('--https') ? { tls: { from: 'dev-ca' } } : {};
    const hosts = [`localhost:${port}`, `127.0.0.1:${port}`];
    expect(terminal.started).toMatchObject([
      { auth0: { tenants: [{ name: 'a', issuer, listen: { port }, hosts, ...tls }] } },
    ]);
  });

  test('--cognito puts the pools there, beside a tenant', async () => {
    const terminal = openTerminal();
    const file = await configOf(TENANT);
    const at = ['--auth0', 'localhost:8443', '--cognito', 'localhost', '--https'];
    expect(await terminal.run(['dev', '--config', file, ...at])).toMatchObject({ code: 0 });
    const tls = { from: 'dev-ca' };
    expect(terminal.started).toMatchObject([
      {
        auth0: { tenants: [{ issuer: 'https://localhost:8443/', tls }] },
        cognito: { endpoint: 'https://localhost:4002', listen: { port: 4002 }, tls },
      },
    ]);
  });

  test('starts by the sample configuration when none is named', async () => {
    // Its sections are more than those of this test's schema.
    const { err } = await openTerminal().run(['dev']);
    expect(err).toMatch(/^ERR_INVALID_CONFIG: [^]*config\/dev\.yaml:\d+/);
  });

  test.each([
    [['--auth0', 'https://x'], TENANT, 'Expected a host such as dev.example.test, or host:port.'],
    [['--auth0', 'x:99999'], TENANT, 'Expected a host such as'],
    [['--https'], TENANT, 'give --auth0 localhost, too'],
    [['--cognito', 'x:0'], '', 'Expected a host such as'],
    [['--auth0', 'x'], '', 'auth0.tenants[0].name: is missing'],
    [[], 'issuer: https://id.example.com', 'use latchkey start'],
  ])('%j is refused in words', async (args, config, words) => {
    const terminal = openTerminal();
    const { code, err } = await terminal.run(['dev', '--config', await configOf(config), ...args]);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(words) });
    expect(terminal.started).toEqual([]);
  });
});

test('a bug shows its stack and has an exit code of its own', async () => {
  const file = await configOf('');
  const { code, err } = await openTerminal(new TypeError('our bug')).run([
    'person',
    'list',
    '--config',
    file,
  ]);
  expect(code).toBe(70);
  expect(err).toMatch(/^TypeError: our bug\n\s+at /);
});

test('a person is created, found, disabled, enabled and listed', async () => {
  const config = ['--config', await configOf('')];
  const terminal = openTerminal();
  const created = await terminal.run(
    [
      'person',
      'create',
      '--email',
      'ada@example.com',
      '--owner',
      '--claims',
      '{"given_name":"Ada"}',
      ...config,
    ],
    { input: piped('correct horse\n') },
  );
  expect(created).toMatchObject({
    code: 0,
    out: expect.stringContaining('ada@example.com was created.'),
  });
  expect(terminal.accounts.passwords.get('acc-1')).toBe('correct horse');
  expect((await terminal.run(['person', 'disable', 'ada@example.com', ...config])).out).toContain(
    'disabled',
  );
  expect(JSON.parse((await terminal.run(['person', 'list', '--json', ...config])).out)).toEqual([
    {
      id: 'acc-1',
      email: 'ada@example.com',
      emailVerified: false,
      phone: null,
      username: null,
      owner: true,
      state: 'disabled',
      expiresAt: null,
      hasPassword: true,
      mustChangePassword: false,
      terms: null,
      claims: { given_name: 'Ada' },
      attributes: {},
      createdAt: 1_800_000_000,
      updatedAt: 1_800_000_000,
    },
  ]);
  expect((await terminal.run(['person', 'enable', 'acc-1', ...config])).out).toContain(
    'may sign in again',
  );
  expect((await terminal.run(['person', 'list', ...config])).out.split('\n')).toEqual([
    'ID     E-MAIL           USERNAME  STATE  CREATED',
    'acc-1  ada@example.com            owner  2027-01-15T08:00:00Z',
  ]);
  expect(terminal.closed()).toBe(5);
});

test('a password is set from standard input and shown nowhere', async () => {
  const config = ['--config', await configOf('')];
  const terminal = openTerminal();
  await terminal.run(['person', 'create', '--username', 'ada', '--no-password', ...config]);
  expect(terminal.accounts.passwords.size).toBe(0);
  const { code, out, err } = await terminal.run(['person', 'set-password', 'ada', ...config], {
    input: piped('correct horse'),
  });
  expect(code).toBe(0);
  expect(terminal.accounts.passwords.get('acc-1')).toBe('correct horse');
  expect(out + err).not.toContain('correct horse');
});

test('a long list says how to go on', async () => {
  const config = ['--config', await configOf('')];
  const terminal = openTerminal();
  for (const name of ['ada', 'bob']) {
    await terminal.run(['person', 'create', '--username', name, '--no-password', ...config]);
  }
  expect((await terminal.run(['person', 'list', '--limit', '1', ...config])).out).toContain(
    'More: --after acc-1',
  );
  const rest = await terminal.run(['person', 'list', '--after', 'acc-1', '--json', ...config]);
  expect(JSON.parse(rest.out)).toMatchObject([{ username: 'bob' }]);
});

test.each([
  [
    ['person', 'disable', 'nobody'],
    'ERR_NO_SUCH_PERSON: nobody has the id, e-mail address or username "nobody"',
  ],
  [['person', 'create', '--no-password'], 'ERR_UNFIT_OPTIONS: Give --email or --username'],
  [['person', 'create', '--username', 'x'], 'ERR_NO_PASSWORD: no password was given'],
  [['person', 'create', '--username', 'x', '--claims', 'x'], 'Expected a JSON object'],
  [['person', 'list', '--limit', '0'], 'Expected a number from 1'],
  [['client', 'show', 'x'], 'ERR_NO_SUCH_CLIENT: there is no client "x": see latchkey client list'],
  [['client', 'delete', 'x'], 'ERR_NO_SUCH_CLIENT'],
  [['client', 'rotate-secret', 'x'], 'ERR_NO_SUCH_CLIENT'],
  [['client', 'rotate-secret', 'x', '--keep-old', 'soon'], 'expected a duration such as'],
  [['client', 'create', '--type', 'x'], 'ERR_UNFIT_OPTIONS: Give --type as one of web, spa'],
  [['client', 'create', '--type', 'web'], 'ERR_UNFIT_OPTIONS: Give --redirect-uri'],
])('a command that cannot be done says why: %j', async (args, message) => {
  const { code, out, err } = await openTerminal().run([...args, '--config', await configOf('')]);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toContain(message);
});

test('a client is created, its secret shown once, rotated and deleted', async () => {
  const config = ['--config', await configOf('')];
  const terminal = openTerminal();
  const created = await terminal.run([
    'client',
    'create',
    '--type',
    'web',
    '--id',
    'shop',
    '--name',
    'Shop',
    '--redirect-uri',
    'https://shop.example/cb',
    'https://shop.example/other',
    ...config,
  ]);
  expect(created.out).toContain('client_id      shop\nclient_secret  first-secret\n');
  expect(created.out).toContain('never shown again');
  const shown = await terminal.run(['client', 'show', 'shop', ...config]);
  expect(shown.out).toContain('https://shop.example/cb https://shop.example/other');
  expect(shown.out + (await terminal.run(['client', 'list', '--json', ...config])).out).not.toMatch(
    /secret-|hash-of/,
  );
  expect((await terminal.run(['client', 'rotate-secret', 'shop', ...config])).out).toContain(
    'second-secret',
  );
  expect((await terminal.run(['client', 'delete', 'shop', ...config])).out).toBe(
    'shop was deleted.',
  );
  expect((await terminal.run(['client', 'list', ...config])).out).toBe(
    'CLIENT_ID  NAME  AUTHENTICATION  FROM  CREATED',
  );
});

test.each([
  [
    'spa',
    { token_endpoint_auth_method: 'none', application_type: 'web' },
    { corsOrigins: ['https://a.example'] },
  ],
  [
    'native',
    { token_endpoint_auth_method: 'none', application_type: 'native' },
    { anyLoopbackPort: true },
  ],
  [
    'web',
    { token_endpoint_auth_method: 'client_secret_basic' },
    { corsOrigins: [], firstParty: true },
  ],
  [
    'machine',
    { grant_types: ['client_credentials'], response_types: [] },
    { apis: ['https://api.example'] },
  ],
])('a client of type %s gets what such an app needs', async (type, metadata, policy) => {
  const flags: Readonly<Record<string, readonly string[]>> = {
    web: ['--first-party'],
    machine: ['--api', 'https://api.example'],
  };
  const uris = type === 'machine' ? [] : ['--redirect-uri', 'https://a.example/cb'];
  const { out } = await openTerminal().run([
    'client',
    'create',
    '--type',
    type,
    ...uris,
    ...(flags[type] ?? []),
    '--json',
    '--config',
    await configOf(''),
  ]);
  expect(JSON.parse(out)).toMatchObject({ metadata, policy });
});
