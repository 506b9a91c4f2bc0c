import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SOURCES = globSync('src/**/*.ts', { cwd: ROOT }).map((path) => path.split(sep).join('/'));
const CORE = [
  'runtime',
  'config',
  'storage',
  'audit',
  'http',
  'client-certificates',
  'signing-keys',
  'clients',
  'accounts',
  'groups',
  'factors',
];
const ROOMS_OF_THE_CORE = [
  ...CORE,
  'revocation',
  'status-lists',
  'subjects',
  'provider',
  'interactions',
  'flows',
  'hooks',
  'notices',
  'mail',
  'sms',
  'scripts',
  'cli',
  'testing',
];

const GROUND = ['runtime', 'config'];
const KEEPERS = [...GROUND, 'storage', 'audit'];
/** Which rooms, or single files of rooms, a room may import. What is not listed is a capability. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  runtime: [],
  config: ['runtime'],
  storage: GROUND,
  audit: [...GROUND, 'storage'],
  'client-certificates': GROUND,
  http: [...GROUND, 'client-certificates', 'provider/contract.ts'],
  'signing-keys': KEEPERS,
  clients: [
    ...KEEPERS,
    'client-certificates/distinguished-name.ts',
    'client-certificates/certificate-names.ts',
    'revocation/revocation.ts',
  ],
  accounts: [...KEEPERS, 'revocation/revocation.ts'],
  groups: [...KEEPERS, 'accounts/accounts.ts', 'clients/clients.ts', 'revocation/revocation.ts'],
  factors: [...KEEPERS, 'accounts'],
  revocation: KEEPERS,
  'status-lists': [...KEEPERS, 'revocation'],
  subjects: [...KEEPERS, 'clients/clients.ts', 'revocation/revocation.ts'],
  mail: [...KEEPERS, 'http/renderer.ts'],
  sms: [
    ...KEEPERS,
    'mail',
    'accounts/addresses.ts',
    'accounts/phone-number.ts',
    'hooks/answers.ts',
  ],
  scripts: ['runtime'],
  hooks: KEEPERS,
  flows: ['runtime', 'config', 'storage'],
  notices: [
    'accounts',
    'factors/factors.ts',
    'hooks/hooks.ts',
    'mail/mail.ts',
    'http/user-agent.ts',
    'storage',
    'runtime',
  ],
  provider: [
    ...KEEPERS,
    'signing-keys',
    'client-certificates',
    'clients',
    'accounts',
    'revocation',
    'groups/groups.ts',
    'status-lists/status-lists.ts',
    'subjects/subjects.ts',
    'subjects/sectors.ts',
  ],
  interactions: [
    'provider/contract.ts',
    'accounts',
    'factors',
    'flows',
    'notices/notices.ts',
    'mail/mail.ts',
    'clients/clients.ts',
    'audit',
    'http',
    'runtime',
    'config',
  ],
};
const CAPABILITY_DOORS = [
  'capability.ts',
  'provider/contract.ts',
  'provider/advice.ts',
  'provider/dialect.ts',
  'provider/further-grant.ts',
  'provider/organizations.ts',
  'subjects/subjects.ts',
  'signing-keys/signing-keys.ts',
  'provider/minting-order.ts',
  'accounts',
  'groups/groups.ts',
  'clients',
  'revocation',
  'factors',
  'flows',
  'notices',
  'mail',
  'sms',
  'scripts',
  'audit',
  'storage',
  'config',
  'runtime',
  'http',
];
/** The composition root: the files that may know every room. */
const COMPOSITION = [
  'compose.ts',
  'node.ts',
  'start-node.ts',
  'lives.ts',
  'node-health.ts',
  'settings.ts',
  'capabilities.ts',
  'connected-clients.ts',
  'issuers.ts',
  'posts.ts',
  'sign-in-requests.ts',
  'workers.ts',
  'main.ts',
  'capability.ts',
];

interface Import {
  readonly from: string;
  readonly to: string;
}

const IMPORTS: readonly Import[] = SOURCES.flatMap((from) =>
  importsOf(readFileSync(join(ROOT, from), 'utf8')).map((to) => ({ from, to })),
);

function importsOf(text: string): readonly string[] {
  const found = text.matchAll(/(?:from|import)\s*\(?\s*'(?<to>[^']+)'/gu);
  return [...found].map(({ groups }) => groups?.['to'] ?? '');
}

/** `src/provider/adapter.ts` -> `provider/adapter.ts`. */
function inside(path: string): string {
  return path.replace(/^src\//u, '');
}

function target({ from, to }: Import): string | undefined {
  if (!to.startsWith('.')) return undefined;
  return inside(
    relative(ROOT, join(ROOT, dirname(from), to))
      .split(sep)
      .join('/'),
  );
}

function roomOf(path: string): string {
  return path.includes('/') ? (path.split('/')[0] ?? '') : path;
}

function mayImport(from: string, to: string): boolean {
  const [room, other] = [roomOf(from), roomOf(to)];
  if (room === other || COMPOSITION.includes(from) || room === 'cli' || room === 'testing')
    return true;
  const doors = DOORS[room] ?? CAPABILITY_DOORS;
  return doors.includes(other) || doors.includes(to);
}

/** Imports of one package outside the places that may know it. */
function strangers(name: string, places: readonly string[]): readonly string[] {
  return IMPORTS.filter(({ from, to }) => {
    const hit = to === name || to.startsWith(`${name}/`);
    return hit && !places.some((place) => from.startsWith(place));
  }).map(({ from, to }) => `${from} imports ${to}`);
}

function mentions(pattern: RegExp, allowed: readonly string[]): readonly string[] {
  return SOURCES.filter((path) => !allowed.some((place) => path.startsWith(place))).filter((path) =>
    pattern.test(
      readFileSync(join(ROOT, path), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/gu, ''),
    ),
  );
}

describe('the doors between rooms', () => {
  test('every import goes through a door of the plan', () => {
    const wrong = IMPORTS.flatMap((one) => {
      const to = target(one);
      return to === undefined || mayImport(inside(one.from), to) ? [] : [`${one.from} -> ${to}`];
    });
    expect(wrong).toEqual([]);
  });

  test('no core room imports a capability, and no capability another', () => {
    const wrong = IMPORTS.flatMap((one) => {
      const to = target(one);
      if (to === undefined) return [];
      const [room, other] = [roomOf(inside(one.from)), roomOf(to)];
      const isCapability = other !== to && !ROOMS_OF_THE_CORE.includes(other);
      // The commands belong to the composition root, too (src/cli/README.md).
      const composes = COMPOSITION.includes(inside(one.from)) || room === 'cli';
      return isCapability && room !== other && !composes ? [`${one.from} -> ${to}`] : [];
    });
    expect(wrong).toEqual([]);
  });

  test.each([
    ['oidc-provider', ['src/provider/']],
    ['ioredis', ['src/storage/redis/']],
    ['pg', ['src/storage/postgres/']],
    ['node:sqlite', ['src/storage/embedded/']],
    ['yaml', ['src/config/', 'src/http/']],
    ['pino', ['src/runtime/']],
    ['commander', ['src/cli/']],
    ['liquidjs', ['src/http/']],
    ['@node-rs/argon2', ['src/accounts/']],
    ['prom-client', ['src/http/']],
    ['@simplewebauthn/server', ['src/factors/']],
    ['otpauth', ['src/factors/']],
    ['uqr', ['src/factors/']],
    ['nodemailer', ['src/mail/']],
    ['altcha-lib', ['src/joining/']],
  ])('%s is known to its room alone', (name, places) => {
    expect(strangers(name, places)).toEqual([]);
  });

  test('the contract of the provider does not know the engine', () => {
    const parts = globSync('contract/*.ts', { cwd: join(ROOT, 'src/provider') });
    for (const file of ['contract.ts', ...parts]) {
      const imports = importsOf(readFileSync(join(ROOT, 'src/provider', file), 'utf8'));
      expect(imports).not.toContain('oidc-provider');
    }
  });
});

describe('the ground rules', () => {
  test('the environment and the exit code belong to main and config', () => {
    // Code of the operator's has a process of its own.
    const mains = ['src/main.ts', 'src/config/', 'src/scripts/sandbox/'];
    expect(mentions(/process\.(?:env|exit)\b/u, mains)).toEqual([]);
  });

  test('time comes from the clock alone', () => {
    expect(mentions(/Date\.now\(|new Date\(\)/u, ['src/runtime/clock.ts'])).toEqual([]);
  });

  test('chance comes from node:crypto', () => {
    expect(mentions(/Math\.random/u, [])).toEqual([]);
  });

  test('no room is named after a kind of file', () => {
    const names = SOURCES.map((path) => roomOf(inside(path)));
    expect(
      names.filter((name) => /^(?:helpers|utils|common|lib|shared|services)$/u.test(name)),
    ).toEqual([]);
  });

  test('every room opens with a README of at most 15 lines', () => {
    const rooms = new Set(
      SOURCES.map((path) => inside(path))
        .filter((path) => path.includes('/'))
        .map(roomOf),
    );
    const lines = (room: string): number =>
      readFileSync(join(ROOT, 'src', room, 'README.md'), 'utf8')
        .trimEnd()
        .split('\n').length;
    expect([...rooms].filter((room) => lines(room) > 15)).toEqual([]);
  });
});
