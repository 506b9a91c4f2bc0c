import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SOURCES = globSync('src/**/*.ts', { cwd: ROOT }).map((path) => read(path));
const OPERATIONS = read('docs/operations.md');

function read(path: string): string {
  return readFileSync(`${ROOT}/${path}`, 'utf8');
}

/** The first group of every match of `pattern`, each once, sorted. */
function found(texts: readonly string[], pattern: RegExp): readonly string[] {
  const all = texts.flatMap((text) => [...text.matchAll(pattern)].map(([, name = '']) => name));
  return [...new Set(all)].toSorted();
}

describe('docs/operations.md', () => {
  test('names every event that is logged, and no other', () => {
    const logged = found(SOURCES, /\bevent: '([a-z_]+\.[a-z_]+)'/gu);
    expect(logged.length).toBeGreaterThan(50);
    expect(found([OPERATIONS], /^\| `([a-z_]+\.[a-z_]+)` +\|/gmu)).toEqual(logged);
  });

  test('names every metric, and no other', () => {
    const served = found(SOURCES, /'(latchkey_[a-z_]+)'/gu);
    expect(served.length).toBeGreaterThan(8);
    expect(found([OPERATIONS], /^\| `(latchkey_[a-z_]+)` +\|/gmu)).toEqual(served);
  });

  test('names tests that are there', () => {
    const names = found([OPERATIONS], /`((?:node|redis|embedded|signing-keys)-[a-z-]+)`/gu);
    expect(names.length).toBeGreaterThan(10);
    const files = globSync('test/fault/*.test.ts', { cwd: ROOT });
    for (const name of names) expect(files).toContain(`test/fault/${name}.test.ts`);
  });
});
