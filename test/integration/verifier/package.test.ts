import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { globSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const GZIP_BYTES_MAX = 15 * 1024;

let folder: string;

// As the package is built to be published, but beside the work tree.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lk-verifier-'));
  await run(join(ROOT, 'node_modules/.bin/tsc'), [
    '-p',
    join(ROOT, 'verifier/tsconfig.build.json'),
    '--outDir',
    join(folder, 'dist'),
  ]);
  await writeFile(
    join(folder, 'package.json'),
    await readFile(join(ROOT, 'verifier/package.json'), 'utf8'),
  );
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Whether `code` runs in an ES module that has the package. */
async function evaluate(code: string): Promise<string> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], {
    cwd: folder,
  });
  return stdout.trim();
}

describe('the package latchkey-verifier', () => {
  test('is JavaScript with types, and its main entry verifies', async () => {
    const code = `
      import { createVerifier } from 'latchkey-verifier';
      const verifier = createVerifier({ issuer: 'https://id.example', audience: 'a', revocation: false });
      console.log(verifier.status().feed);`;
    expect(await evaluate(code)).toBe('off');
    expect(globSync('dist/**/*.d.ts', { cwd: folder })).toHaveLength(
      globSync('dist/**/*.js', { cwd: folder }).length,
    );
  });

  test.each(['express', 'koa', 'fastify', 'hono', 'fetch'])(
    'has an adapter for %s',
    async (name) => {
      const code = `console.log(Object.keys(await import('latchkey-verifier/${name}')).join())`;
      expect(await evaluate(code)).toMatch(/^(?:requireToken|withToken)$/);
    },
  );

  test('is at most 15 kB compressed, without jose', async () => {
    const files = globSync('dist/**/*.js', { cwd: folder });
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file))));
    expect(gzipSync(Buffer.concat(texts)).length).toBeLessThan(GZIP_BYTES_MAX);
  });

  test('leans on jose alone, in the version of the provider', async () => {
    const read = async (path: string): Promise<{ dependencies: Record<string, string> }> =>
      JSON.parse(await readFile(join(ROOT, path), 'utf8'));
    const [own, provider] = [await read('verifier/package.json'), await read('package.json')];
    expect(own.dependencies).toEqual({ jose: provider.dependencies['jose'] });
  });
});
