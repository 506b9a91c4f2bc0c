import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildImage, parseDockerfile, type BuiltImage } from '../support/dockerfile.ts';
import { freePort } from '../support/ports.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let image: BuiltImage;
let folder: string;

/** Runs every command of the Dockerfile, on this machine's Node in place of the image's. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-container-'));
  image = await buildImage(ROOT);
});

afterAll(async () => {
  await image?.remove();
  await rm(folder, { recursive: true, force: true });
});

function environmentOf(more: Readonly<Record<string, string>>): Record<string, string> {
  const path = [dirname(process.execPath), process.env['PATH']].join(delimiter);
  return { PATH: path, ...image.environment, ...more };
}

test('the base is the official Node image of the version that the project runs on, by tag', async () => {
  const dockerfile = parseDockerfile(await readFile(join(ROOT, 'Dockerfile'), 'utf8'));
  const { devDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  const bases = dockerfile
    .filter(({ name }) => name === 'FROM')
    .map(({ rest }) => rest.split(' ')[0]);
  expect(new Set(bases)).toEqual(new Set([`node:${devDependencies.node}-trixie-slim`]));
});

test('it does not run as root', () => {
  expect(image.user).toBe('node');
});

test('it holds no sources, tests, development dependencies, keys or secrets', () => {
  const files = globSync('*/**', { cwd: image.workdir, exclude: ['node_modules/**'] });
  expect(
    files.filter((path) => /^(?:src|test|\.ci|bench)|dev\.yaml$|\.key$|compose\//.test(path)),
  ).toEqual([]);
  const packages = globSync('*', { cwd: join(image.workdir, 'node_modules') });
  expect(packages).toContain('oidc-provider');
  expect(packages).not.toContain('typescript');
  expect(packages).not.toContain('vitest');
});

test('where it writes is for its user alone', async () => {
  for (const name of ['data', 'keys']) {
    expect((await stat(join(image.workdir, name))).mode & 0o777).toBe(0o700);
  }
});

test('its command tells the version', async () => {
  const [program = '', ...args] = image.command.slice(0, -1);
  const { stdout } = await run(program, [...args, 'version'], {
    cwd: image.workdir,
    env: environmentOf({}),
  });
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('it starts, is healthy, writes only where it may, and stops when told', async () => {
  const port = await freePort();
  const config = join(folder, 'latchkey.yaml');
  await writeFile(config, `profile: dev\nissuer: http://127.0.0.1:${port}\n`);
  const env = environmentOf({ LATCHKEY_CONFIG: config, LATCHKEY_HTTP_LISTEN_PORT: String(port) });
  const before = await filesOf(image.workdir);
  const [program = '', ...args] = image.command;
  const node = spawn(program, args, { cwd: image.workdir, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: string[] = [];
  for (const stream of [node.stdout, node.stderr]) {
    stream.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  }
  const ended = once(node, 'exit');
  try {
    await untilHealthy(env, output);
    node.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  } finally {
    node.kill('SIGKILL');
  }
  const written = (await filesOf(image.workdir)).filter((path) => !before.includes(path));
  expect(written.filter((path) => !/^(?:data|keys)\//.test(path))).toEqual([]);
  expect(written).not.toEqual([]);
});

async function filesOf(root: string): Promise<readonly string[]> {
  const { stdout } = await run(
    'find',
    ['.', '-path', './node_modules', '-prune', '-o', '-type', 'f', '-print'],
    { cwd: root },
  );
  return stdout
    .trimEnd()
    .split('\n')
    .map((path) => path.slice(2));
}

/** Asks as the engine does, with the command of HEALTHCHECK. */
async function untilHealthy(env: Record<string, string>, output: readonly string[]): Promise<void> {
  const [program = '', ...args] = image.healthCheck;
  const deadline = performance.now() + 100_000;
  while (performance.now() < deadline) {
    const isHealthy = await run(program, args, { env }).then(
      () => true,
      () => false,
    );
    if (isHealthy) return;
    await delay(100);
  }
  throw new Error(`the container was never healthy:\n${output.join('')}`);
}
