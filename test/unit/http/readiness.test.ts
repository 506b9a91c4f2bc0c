import { expect, test } from 'vitest';
import { createReadinessProbe } from '../../../src/http/readiness.ts';
import { createKeptLog } from '../../support/pages-host.ts';

const WELL = { ok: true, remarks: [] };

test('ready is who has every check well; remarks are told either way', async () => {
  const state = { ok: true, remarks: ['written to disk once a second'] };
  const probe = createReadinessProbe(
    { state: () => state, keys: async () => WELL },
    createKeptLog(),
  );
  expect(await probe.look()).toEqual({ ready: true, checks: { state, keys: WELL } });
});

test('one failing check is enough, and a throw is one', async () => {
  const failing = (): never => {
    throw new Error('connection refused');
  };
  const probe = createReadinessProbe({ state: failing, keys: () => WELL }, createKeptLog());
  const { ready, checks } = await probe.look();
  expect(ready).toBe(false);
  expect(checks['state']).toEqual({ ok: false, remarks: ['connection refused'] });
});

test('a check that does not answer counts as failed after a second', async () => {
  const probe = createReadinessProbe({ state: () => new Promise(() => {}) }, createKeptLog());
  expect(await probe.look()).toMatchObject({ ready: false });
});

test('only a change is logged', async () => {
  let health = WELL;
  const log = createKeptLog();
  const probe = createReadinessProbe({ state: () => health }, log);
  await probe.look();
  await probe.look();
  health = { ok: false, remarks: [] };
  await probe.look();
  expect(log.lines.map(({ event }) => event)).toEqual(['node.ready', 'node.not_ready']);
});

test('a node that leaves is not ready, whatever its checks say', async () => {
  const probe = createReadinessProbe({ state: () => WELL }, createKeptLog());
  probe.leave();
  expect((await probe.look()).ready).toBe(false);
});

test('looks at once share one answer', async () => {
  let asked = 0;
  const check = async (): Promise<typeof WELL> => {
    asked += 1;
    return WELL;
  };
  const probe = createReadinessProbe({ state: check }, createKeptLog());
  await Promise.all([probe.look(), probe.look(), probe.look()]);
  expect(asked).toBe(1);
});
