import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createCatalog, readCatalogs } from '../../../src/http/catalog.ts';

const NOTHING = new Map<string, string | number>();

describe('a catalog', () => {
  const catalog = createCatalog(
    'de',
    () =>
      new Map([
        ['hello', 'Hallo {name}'],
        ['wait.one', 'Warte {count} Sekunde'],
        ['wait.other', 'Warte {count} Sekunden'],
      ]),
  );

  test('fills in what a message names', () => {
    expect(catalog.text('hello', new Map([['name', '{name} & Co']]))).toBe('Hallo {name} & Co');
  });

  test('chooses the form of a number and writes it as the language does', () => {
    expect(catalog.text('wait', new Map([['count', 1]]))).toBe('Warte 1 Sekunde');
    expect(catalog.text('wait', new Map([['count', 1200]]))).toBe('Warte 1.200 Sekunden');
  });

  test('gives what stands around a placeholder', () => {
    expect(catalog.around('hello', 'name')).toEqual(['Hallo ', '']);
  });

  test('refuses a message that is not there, and a placeholder without its value', () => {
    const missing = expect.objectContaining({ code: 'ERR_MESSAGE_MISSING' });
    expect(() => catalog.text('bye', NOTHING)).toThrow(missing);
    expect(() => catalog.text('hello', NOTHING)).toThrow(missing);
    expect(() => catalog.around('hello', 'client')).toThrow(missing);
  });

  test('knows nothing of the prototypes of objects', () => {
    expect(() => catalog.text('constructor', NOTHING)).toThrow('no message constructor');
  });
});

describe('catalogs on disk', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'latchkey-catalogs-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('a later folder changes single messages and adds languages', async () => {
    const theme = await mkdtemp(join(folder, 'theme-'));
    await writeFile(join(folder, 'en.yaml'), 'a: {b: one, c: two}');
    await writeFile(join(theme, 'en.yaml'), 'a: {b: changed}');
    await writeFile(join(theme, 'ar.yaml'), 'language: {direction: rtl}\na: {b: واحد}');
    const catalogs = await readCatalogs([folder, theme, join(folder, 'absent')]);
    expect(catalogs.get('en')?.text('a.b', NOTHING)).toBe('changed');
    expect(catalogs.get('en')?.text('a.c', NOTHING)).toBe('two');
    expect(catalogs.get('ar')?.direction()).toBe('rtl');
  });

  test('a language of a theme that lacks a message says it in English, in forms of its own where it has them', async () => {
    await writeFile(
      join(folder, 'en.yaml'),
      'a: { b: new, wait: { one: one second, other: some seconds } }',
    );
    const theme = await mkdtemp(join(folder, 'theme-'));
    await writeFile(join(theme, 'xx.yaml'), 'a: { wait: xx }');
    const catalog = (await readCatalogs([folder, theme])).get('xx');
    expect(catalog?.text('a.b', NOTHING)).toBe('new');
    expect(catalog?.text('a.wait', new Map([['count', 1]]))).toBe('xx');
    expect(() => catalog?.text('a.c', NOTHING)).toThrow('no message a.c in xx');
  });

  test('a file that is no catalog is named when it is first read', async () => {
    await writeFile(join(folder, 'en.yaml'), 'a: [1, 2]');
    const catalog = (await readCatalogs([folder])).get('en');
    expect(() => catalog?.keys()).toThrow(/en\.yaml is not a catalog/);
  });
});
