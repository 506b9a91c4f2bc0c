import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRestorer, type Restorer } from '../../../src/notices/restorer.ts';
import type { Account } from '../../../src/accounts/accounts.ts';
import { NAMESPACE, openRooms, type Rooms } from '../../../src/compose.ts';
import { settingsSchema } from '../../../src/settings.ts';
import { codeOf } from '../../support/app-codes.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createRecordingLogger } from '../../support/recording-logger.ts';
import { createSoftwareAuthenticator } from '../../support/software-authenticator.ts';

const ISSUER = 'http://localhost:4000';
const ACTOR = { by: 'self', origin: { address: '192.0.2.1' } };

let folder: string;
let rooms: Rooms;
let restorer: Restorer;
let account: Account;
let count = 0;
const clock = createFakeClock();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-restore-'));
  const settings = settingsSchema.parse({
    profile: 'dev',
    issuer: ISSUER,
    storage: { embedded: { file: join(folder, 'latchkey.sqlite') } },
    signingKeys: { folder: join(folder, 'keys') },
  });
  const { logger } = createRecordingLogger();
  rooms = await openRooms(settings, { logger, clock, signal: new AbortController().signal });
  restorer = createRestorer({ ...rooms, namespace: NAMESPACE });
});
afterAll(async () => {
  await rooms.close();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  count += 1;
  account = await rooms.accounts.create(
    { username: `p${count}`, email: mail('own'), emailVerified: true },
    ACTOR,
  );
});

const mail = (whose: string): string => `${whose}-${count}@example.com`;

/** A link of the kind that is sent to `email` now. */
function link(email: string, kind: 'not-me' | 'email-change-undo' = 'not-me'): Promise<string> {
  return restorer.issue(kind, { accountId: account.id, email, at: clock.now() });
}

async function moveTo(email: string): Promise<void> {
  await rooms.accounts.setEmail(account.id, { address: email, isVerified: true }, ACTOR);
}

async function now(): Promise<Pick<Account, 'email' | 'emailVerified' | 'state'> | undefined> {
  const found = await rooms.accounts.find(account.id);
  return found && { email: found.email, emailVerified: found.emailVerified, state: found.state };
}

async function addPasskey(): Promise<string> {
  const { passkeys } = rooms.factors;
  const begun = await passkeys.beginEnrolment(account.id);
  const { challenge = '', options } = begun ?? {};
  const response = createSoftwareAuthenticator({ origin: ISSUER }).create(options);
  const answer = { accountId: account.id, challenge, response, actor: ACTOR };
  return (await passkeys.finishEnrolment(answer))?.id ?? '';
}

async function addApp(): Promise<void> {
  const { totp } = rooms.factors;
  const { sealed = '', key = '' } = (await totp.beginEnrolment(account.id)) ?? {};
  const code = codeOf(key, clock.nowMs());
  const answer = { accountId: account.id, sealed, code, actor: ACTOR };
  expect(await totp.finishEnrolment(answer)).toBe(true);
}

describe('a link in a letter', () => {
  test('uses nothing up by being looked at, and is good once of 64 at once', async () => {
    const token = await link(mail('own'));
    for (let look = 0; look < 3; look += 1) {
      expect(await restorer.peek('not-me', token)).toMatchObject({ email: mail('own') });
    }
    expect((await now())?.state).toBe('active');
    const all = await Promise.all(
      Array.from({ length: 64 }, () => restorer.restore('not-me', token, ACTOR)),
    );
    expect(all.filter((one) => one !== undefined)).toHaveLength(1);
    expect(await restorer.peek('not-me', token)).toBeUndefined();
  });

  test('of one kind is none of the other', async () => {
    const token = await link(mail('own'));
    expect(await restorer.restore('email-change-undo', token, ACTOR)).toBeUndefined();
    expect((await now())?.state).toBe('active');
  });

  test('is good for seven days, and for no account that is gone', async () => {
    const token = await link(mail('own'));
    clock.advance(7 * 86_400 - 1);
    expect(await restorer.peek('not-me', token)).toBeDefined();
    clock.advance(1);
    expect(await restorer.peek('not-me', token)).toBeUndefined();
    const another = await link(mail('own'));
    await rooms.accounts.delete(account.id, ACTOR);
    expect(await restorer.restore('not-me', another, ACTOR)).toBeUndefined();
  });
});

describe('restoring', () => {
  test('locks, and takes away what was enrolled since, but nothing older', async () => {
    const own = await addPasskey();
    clock.advance(60);
    const token = await link(mail('own'));
    await addPasskey();
    await addApp();
    await rooms.factors.recoveryCodes.renew(account.id, ACTOR);
    await rooms.factors.devices.remember({ accountId: account.id, origin: ACTOR.origin });
    await restorer.restore('not-me', token, ACTOR);
    expect((await now())?.state).toBe('locked');
    const has = await rooms.factors.of(account.id);
    expect(has?.passkeys.map(({ id }) => id)).toEqual([own]);
    expect([has?.totp, has?.recoveryCodes]).toEqual([undefined, 0]);
    expect(await rooms.factors.devices.list(account.id)).toEqual([]);
  });

  test('brings the address back, and a thief cannot bring back theirs (links of their own)', async () => {
    const undo = await link(mail('own'), 'email-change-undo');
    await moveTo(mail('thief'));
    clock.advance(1);
    const theirUndo = await link(mail('thief'), 'email-change-undo');
    const theirNotice = await link(mail('thief'));
    clock.advance(1);
    await restorer.restore('email-change-undo', undo, ACTOR);
    expect(await now()).toEqual({ email: mail('own'), emailVerified: true, state: 'locked' });
    expect(await restorer.restore('email-change-undo', theirUndo, ACTOR)).toBeUndefined();
    expect(await restorer.restore('not-me', theirNotice, ACTOR)).toBeUndefined();
    expect((await now())?.email).toBe(mail('own'));
  });

  test('by a thief first does not keep the owner from it', async () => {
    const undo = await link(mail('own'), 'email-change-undo');
    await moveTo(mail('thief'));
    clock.advance(1);
    const theirs = await link(mail('thief'));
    await restorer.restore('not-me', theirs, ACTOR);
    expect((await now())?.email).toBe(mail('thief'));
    clock.advance(1);
    await restorer.restore('email-change-undo', undo, ACTOR);
    expect((await now())?.email).toBe(mail('own'));
  });

  test('locks even where the address is somebody else’s by now', async () => {
    const undo = await link(mail('own'), 'email-change-undo');
    await moveTo(mail('thief'));
    await rooms.accounts.create({ email: mail('own'), emailVerified: true }, ACTOR);
    expect(await restorer.restore('email-change-undo', undo, ACTOR)).toBeDefined();
    expect(await now()).toMatchObject({ email: mail('thief'), state: 'locked' });
  });

  test('leaves later letters good, of the time after the account was recovered', async () => {
    await restorer.restore('not-me', await link(mail('own')), ACTOR);
    await rooms.accounts.unlock(account.id, ACTOR);
    clock.advance(1);
    expect(await restorer.peek('not-me', await link(mail('own')))).toBeDefined();
  });
});
