import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

function read(path: string): string {
  return readFileSync(`${ROOT}/${path}`, 'utf8');
}

describe('the tests that the documents name are there', () => {
  test('docs/clients.md: each by its file and its own name', () => {
    const named = [...read('docs/clients.md').matchAll(/`([\w/-]+)`: "([^"]+)"/gu)];
    expect(named.length).toBeGreaterThan(15);
    for (const [, file = '', title = ''] of named)
      expect(read(`test/${file}.test.ts`), file).toContain(`'${title}'`);
  });

  test('docs/protocol.md: each by its file', () => {
    const named = read('docs/protocol.md').match(/\btest\/[\w/-]+\.test\.ts\b/gu) ?? [];
    expect(named.length).toBeGreaterThan(20);
    for (const file of named) expect(existsSync(`${ROOT}/${file}`), file).toBe(true);
  });
});
