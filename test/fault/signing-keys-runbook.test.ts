import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Latchkey, startLatchkey } from '../support/latchkey.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const GUIDE = join(ROOT, 'docs/guides/leaked-key.md');
const BLOCK = /^```sh\n(?<commands>.*?)^```$/gmsu;
const SECRET = 'service-secret-of-the-runbook-tests-01234567890';

let folder: string;
let node: Latchkey;
let blocks: readonly string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-runbook-'));
  await mkdir(join(folder, 'bin'));
  const command = join(folder, 'bin/latchkey');
  const script = `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'latchkey.mjs')}' "$@"\n`;
  await writeFile(command, script);
  await chmod(command, 0o755);
  blocks = [...(await readFile(GUIDE, 'utf8')).matchAll(BLOCK)].map(
    ({ groups }) => groups?.['commands'] ?? '',
  );
  node = await start({});
});

afterAll(async () => {
  await node?.kill();
  await rm(folder, { recursive: true, force: true });
});

function start(signingKeys: object): Promise<Latchkey> {
  return startLatchkey({
    folder,
    ...(node && { port: node.port }),
    settings: {
      clients: [{ id: 'service', type: 'machine', name: 'Service', secretInClear: SECRET }],
      apis: [{ identifier: 'https://api.example.com', name: 'API', scopes: { read: 'Read' } }],
      signingKeys: { folder: join(folder, 'keys'), algorithms: ['ES256'], ...signingKeys },
    },
  });
}

/** Runs a block of the guide, in its order, as an operator would who copies it line by line. */
async function runBlock(
  number: number,
  variables: Readonly<Record<string, string>>,
): Promise<string> {
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', blocks[number] ?? 'false'], {
    cwd: folder,
    env: {
      PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
      HOME: folder,
      LATCHKEY_CONFIG: node.configFile,
      ISSUER: node.issuer,
      CLIENT: `service:${SECRET}`,
      ...variables,
    },
  });
  return stdout;
}

async function newToken(): Promise<{ readonly token: string; readonly kid: string }> {
  const answer = await fetch(`${node.issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`service:${SECRET}`).toString('base64')}` },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      resource: 'https://api.example.com',
    }),
  });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return { token, kid: decodeProtectedHeader(token).kid ?? '' };
}

interface Life {
  readonly kid: string;
  readonly phase: string;
}

async function kidsByPhase(): Promise<(phase: string) => readonly string[]> {
  const command = join(folder, 'bin/latchkey');
  const { stdout } = await run(command, ['keys', 'list', '--json', '--config', node.configFile]);
  const lives = JSON.parse(stdout) as readonly Life[];
  return (phase) => lives.filter((key) => key.phase === phase).map(({ kid }) => kid);
}

test('the guide for a leaked key is true, line by line', async () => {
  expect(blocks).toHaveLength(9);
  const leaked = await newToken();
  const variables = { TOKEN: leaked.token, KID: leaked.kid };
  expect(await runBlock(0, variables)).toContain(`"kid":"${leaked.kid}"`);
  expect(await runBlock(1, variables)).toContain(`the key ${leaked.kid} has left the key set`);
  await expect.poll(async () => (await newToken()).kid).not.toBe(leaked.kid);
  const seen = await runBlock(2, variables);
  expect(seen).toMatch(/^ES256 .* revoked .*: found in a public repository$/mu);
  expect(seen).toContain('gone\n{"active":false}');
  expect(seen).toContain('"type":"key.revoked"');
  expect(await runBlock(3, variables)).not.toBe('');
});

test('so is what it says of the loss of everything, and of another master key', async () => {
  // The master key moves from `keys/` to a place with a name.
  const [oldKey, newKey] = [join(folder, 'old.key'), join(folder, 'new.key')];
  await writeFile(oldKey, await readFile(join(folder, 'keys/master.key')), { mode: 0o600 });

  await runBlock(5, {});
  const before = await kidsByPhase();
  const stolen = [...before('published'), ...before('signing')];
  expect(stolen).toHaveLength(2);
  await runBlock(4, {
    WAITING: before('published').join(' '),
    SIGNING: before('signing').join(' '),
    VERIFYING: '',
  });
  const after = await kidsByPhase();
  expect(after('signing')).toHaveLength(1);
  for (const kid of stolen) expect(after('signing')).not.toContain(kid);

  expect((await newToken()).kid).toBe(after('signing')[0]);
  expect(await runBlock(6, {})).not.toBe('');

  await runBlock(7, { NEW_MASTER_KEY: newKey });
  // Alone, a node need not know the new one before it comes first.
  const restart = async (signingKeys: object): Promise<void> => {
    await node.stop();
    node = await start(signingKeys);
    expect((await newToken()).kid).not.toBe('');
  };
  await restart({ masterKey: { file: newKey }, otherMasterKeys: [{ file: oldKey }] });
  expect(await runBlock(8, { NEW_MASTER_KEY: newKey })).toContain(
    'Sealed under the new master key',
  );
  // A busy machine may come to say it when one second of the sixteen minutes and five is over.
  expect(await runBlock(5, {})).toMatch(/^ES256: the key .* signs in 16 min [45] s/mu);
  await restart({ masterKey: { file: newKey } });
});
