import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createBackups, type Backups } from '../../../src/storage/embedded/backups.ts';
import type { Embedded } from '../../../src/storage/embedded/open-embedded.ts';
import { createEmbeddedPlace, type EmbeddedPlace } from '../../support/embedded-file.ts';

describe('the back-up beside the embedded file', () => {
  let place: EmbeddedPlace;
  let embedded: Embedded;
  let backups: Backups;
  let backup: string;
  beforeEach(async () => {
    place = await createEmbeddedPlace();
    embedded = await place.open();
    await embedded.records.migrate();
    backups = createBackups(place);
    backup = `${place.file}.backup`;
  });
  afterEach(async () => {
    await backups.close();
    await place.close();
  });

  test('is for its owner alone, and nothing else is left behind', async () => {
    expect(await backups.runIfDue()).toBe(true);
    expect((await stat(backup)).mode & 0o777).toBe(0o600);
    const names = (await readdir(place.folder)).filter((name) => name.includes('backup'));
    expect(names).toEqual(['latchkey.sqlite.backup']);
    expect(place.logger.events()).toEqual(['storage.backed_up']);
  });

  test('is made at most once a day, whoever asks', async () => {
    const results = [backups.runIfDue(), backups.runIfDue()];
    expect(await Promise.all(results)).toEqual([true, true]);
    expect(place.logger.events()).toHaveLength(1);
    place.clock.advance(23 * 3600);
    expect(await createBackups(place).runIfDue()).toBe(false);
    place.clock.advance(3601);
    expect(await backups.runIfDue()).toBe(true);
  });

  test('put in the place of the file brings back what lasts, and nobody who was signed out', async () => {
    const { state, records, close } = embedded;
    const { clock } = place;
    await state.put('session', 'alive', { ttlSeconds: 3600 });
    await state.put('ring', 'keys');
    await state.count('throttle', 5, 3600);
    await state.add('members', 'm', clock.now() + 3600);
    await state.append('log', ['first']);
    await records.write(
      records.queries.insertInto('installation').values({ name: 'n', value: '1' }),
    );
    await backups.runIfDue();
    await state.delete('session');
    await close();
    await rm(place.file);
    await rename(backup, place.file);

    const restored = await place.open();
    await restored.records.migrate();
    expect((await restored.state.get('ring'))?.value).toBe('keys');
    expect((await restored.state.readLog('log', 0, 9)).last).toBe(1);
    const rows = restored.records.queries.selectFrom('installation').select('name');
    expect(await restored.records.all(rows)).toEqual([{ name: 'n' }]);
    expect(await restored.state.get('session')).toBeUndefined();
    expect(await restored.state.count('throttle', 0, 3600)).toBe(0);
    expect(await restored.state.list('members')).toEqual([]);
    await restored.state.put('session', 'new');
  });

  test('is made while others write, as of one instant', async () => {
    const writes = { isOver: false };
    const writing = (async () => {
      for (let n = 0; !writes.isOver; n += 1) await embedded.state.append('log', [n]);
    })();
    expect(await backups.runIfDue()).toBe(true);
    writes.isOver = true;
    await writing;
    const copy = new DatabaseSync(backup, { readOnly: true });
    const entries = copy.prepare('SELECT count(*) AS n, max(number) AS last FROM state_log_entry');
    const { last } = copy.prepare('SELECT last FROM state_log').get() ?? {};
    expect(entries.get()).toEqual({ n: last, last });
    copy.close();
  });

  test('that cannot be made is reported, and leaves the older one and no rubbish', async () => {
    await mkdir(backup);
    await writeFile(`${backup}/in-the-way`, '');
    await utimes(backup, 1, 1);
    expect(await backups.runIfDue()).toBe(false);
    expect(place.logger.events()).toEqual(['storage.backup_failed']);
    expect(await readdir(place.folder)).not.toContain('latchkey.sqlite.backup.tmp');
  });

  test('is not made twice at once by two processes, but a copy that was abandoned is no hindrance', async () => {
    const copy = `${backup}.tmp`;
    await writeFile(copy, '');
    expect(await backups.runIfDue()).toBe(false);
    const twoHoursAgo = Date.now() / 1000 - 7200;
    await utimes(copy, twoHoursAgo, twoHoursAgo);
    expect(await backups.runIfDue()).toBe(true);
  });
});
