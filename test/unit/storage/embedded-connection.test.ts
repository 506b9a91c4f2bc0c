import { readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openConnection } from '../../../src/storage/embedded/connection.ts';
import { faultOf } from '../../../src/storage/embedded/faults.ts';

const FULL = 2;
let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-connection-'));
  file = join(folder, 'a.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a commit is on disk before it returns, on every connection', () => {
  for (const role of ['writer', 'reader'] as const) {
    const connection = openConnection(file, role);
    expect(connection.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: FULL });
    expect(connection.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    connection.close();
  }
});

test('a reader cannot write', () => {
  openConnection(file, 'writer').exec('CREATE TABLE a (b)');
  const reader = openConnection(file, 'reader');
  expect(() => reader.exec('INSERT INTO a VALUES (1)')).toThrow('readonly');
  reader.close();
});

test('what SQLite throws is told apart by what can be done about it', () => {
  const connection = openConnection(file, 'writer');
  connection.exec('CREATE TABLE a (b PRIMARY KEY, c UNIQUE); INSERT INTO a VALUES (1, 1)');
  const faultIn = (act: () => unknown): unknown => {
    try {
      return act();
    } catch (error) {
      return faultOf(error);
    }
  };
  expect(faultIn(() => connection.exec('INSERT INTO a VALUES (1, 2)'))).toBe('conflict');
  expect(faultIn(() => connection.exec('INSERT INTO a VALUES (2, 1)'))).toBe('conflict');
  expect(faultIn(() => connection.exec('no SQL at all'))).toBe('other');
  connection.exec('PRAGMA max_page_count = 4');
  const fill = `WITH RECURSIVE n(i) AS (SELECT 9 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
    INSERT INTO a SELECT i, i FROM n`;
  expect(faultIn(() => connection.exec(fill))).toBe('full');
  const other = openConnection(file, 'writer');
  other.exec('PRAGMA busy_timeout = 0; BEGIN IMMEDIATE');
  connection.exec('PRAGMA busy_timeout = 0');
  expect(faultIn(() => connection.exec('BEGIN IMMEDIATE'))).toBe('busy');
  other.close();
  connection.close();
  expect(faultIn(() => openConnection(join(folder, 'no/such/folder'), 'reader'))).toBe('device');
  expect(faultIn(() => openConnection(folder, 'reader'))).toBe('device');
  expect(faultIn(() => readFileSync(folder))).toBe('other');
});
