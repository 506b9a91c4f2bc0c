import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Rooms } from '../../../src/compose.ts';
import { codeOf } from '../../support/app-codes.ts';
import { openManagedNode, type ManagedNode } from './management-client.ts';
import { SECRET, SPA, WEB, CALLBACK, type Answer } from './tenant-node.ts';

const OTP = 'http://auth0.com/oauth/grant-type/passwordless/otp';
const ACTOR = { by: 'test', origin: { address: 'test' } };
const ANN = '+15551230001';

let node: ManagedNode;
let rooms: Rooms;

beforeAll(async () => {
  const grantTypes = ['authorization_code', 'refresh_token', OTP];
  node = await openManagedNode(
    {
      clients: [
        { clientId: SPA, appType: 'spa', callbacks: [CALLBACK], grantTypes },
        { clientId: WEB, clientSecretInClear: SECRET, callbacks: [CALLBACK], grantTypes },
      ],
    },
    { authentication: { smsCode: true }, joining: { mode: 'open' }, sms: { prefixes: ['+1'] } },
  );
  rooms = await node.openRooms();
  const ann = await rooms.accounts.findByLogin('ann');
  const by = { editor: 'operator', actor: ACTOR } as const;
  await rooms.accounts.update(ann?.id ?? '', { phone: ANN }, by);
});
afterAll(async () => {
  await rooms.close();
  await node.close();
});

interface Started {
  readonly status: number;
  readonly body: unknown;
}

async function start(phoneNumber: string, more: object = {}): Promise<Started> {
  const asked = { client_id: WEB, client_secret: SECRET, connection: 'sms', send: 'code' };
  const response = await fetch(`${node.tenant}/passwordless/start`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...asked, phone_number: phoneNumber, ...more }),
  });
  return { status: response.status, body: await response.json() };
}

async function redeem(phoneNumber: string, otp: string, more: object = {}): Promise<Answer> {
  const asked = { grant_type: OTP, client_id: WEB, client_secret: SECRET, realm: 'sms' };
  return await node.token({ ...asked, username: phoneNumber, otp, ...more }, { as: 'json' });
}

async function codeTo(phoneNumber: string): Promise<string> {
  await expect.poll(async () => (await node.letters(phoneNumber)).length).toBeGreaterThan(0);
  const [message] = await node.letters(phoneNumber);
  expect(message?.text).toMatch(/^\d{6} is your code to sign in to /u);
  return message?.codes[0] ?? '';
}

test('a code from a text message is good once, and the number is in the token as verified', async () => {
  expect(await start(ANN)).toMatchObject({
    status: 200,
    body: { _id: expect.any(String), phone_number: ANN, phone_verified: false },
  });
  const otp = await codeTo(ANN);
  expect(await redeem(ANN, otp === '000000' ? '111111' : '000000')).toMatchObject({
    status: 403,
    body: {
      error: 'invalid_grant',
      error_description: 'Wrong phone number or verification code.',
    },
  });
  expect((await redeem(ANN, otp, { client_id: SPA, client_secret: '' })).status).toBe(403);
  const { body } = await redeem(ANN, otp, { scope: 'openid phone' });
  expect(decodeJwt(String(body['id_token']))).toMatchObject({
    sub: `auth0|${(await rooms.accounts.findByLogin('ann'))?.id ?? ''}`,
    amr: ['otp', 'sms'],
  });
  const userinfo = await fetch(`${node.tenant}/userinfo`, {
    headers: { authorization: `Bearer ${String(body['access_token'])}` },
  });
  expect(await userinfo.json()).toMatchObject({ phone_number: ANN, phone_number_verified: true });
  expect((await redeem(ANN, otp)).status).toBe(403);
});

test('whoever is new has an account by the code, by that number alone', async () => {
  const number = '+15551230002';
  await start(number);
  expect(await rooms.accounts.findByPhone(number)).toBeUndefined();
  const { body } = await redeem(number, await codeTo(number), { scope: 'openid profile phone' });
  expect(decodeJwt(String(body['id_token']))).toMatchObject({
    name: number,
    phone_number: number,
    phone_number_verified: true,
  });
  expect(await rooms.accounts.findByPhone(number)).toMatchObject({
    phone: number,
    email: undefined,
    claims: { phone_number: number, phone_number_verified: true },
  });
});

test('nobody comes in by a number that is not shown to be theirs, nor when they are disabled', async () => {
  const [number, other] = ['+15551230003', '+15551230004'];
  const ben = await rooms.accounts.findByLogin('ben');
  const by = { editor: 'operator', actor: ACTOR } as const;
  const claims = { phone_number: number, phone_number_verified: true };
  await rooms.accounts.update(ben?.id ?? '', { claims }, by);
  await start(number);
  const { body } = await redeem(number, await codeTo(number));
  expect(decodeJwt(String(body['id_token'])).sub).not.toBe(`auth0|${ben?.id ?? ''}`);
  const made = await rooms.accounts.create({ phone: other }, ACTOR);
  await start(other);
  const otp = await codeTo(other);
  await rooms.accounts.disable(made.id, ACTOR);
  expect((await redeem(other, otp)).status).toBe(403);
});

test('a stranger is told the same whether or not a message goes out', async () => {
  expect((await start('+15551230005')).status).toBe(200);
  // No prefix of ours: nothing is sent, and nothing is said of that.
  expect((await start('+88213000000')).status).toBe(200);
  await expect.poll(() => node.log.map(({ fields }) => fields.event)).toContain('sms.refused');
  expect(await node.letters('+88213000000')).toEqual([]);
});

test('what is no number is refused, and so is a way that is off', async () => {
  expect(await start('555 1234')).toMatchObject({
    status: 400,
    body: {
      error: 'bad.phone_number',
      error_description: 'String does not match pattern: ^\\+[1-9]\\d{6,14}$',
    },
  });
  expect(await start(ANN, { phone_number: undefined })).toMatchObject({
    status: 400,
    body: {
      error: 'bad.phone_number',
      error_description: 'Missing required property: phone_number',
    },
  });
  expect(await start('', { connection: 'email', email: 'ann@example.com' })).toMatchObject({
    status: 400,
    body: { error: 'bad.connection' },
  });
  expect((await redeem('ann@example.com', '123456', { realm: 'email' })).body).toMatchObject({
    error_description: 'Specified realm is not found.',
  });
});

test('a code from a text message is no way round an authenticator app', async () => {
  const number = '+15551230006';
  const { id } = await rooms.accounts.create({ phone: number }, ACTOR);
  const { key, sealed } = (await rooms.factors.totp.beginEnrolment(id)) ?? { key: '', sealed: '' };
  await rooms.factors.totp.finishEnrolment({
    accountId: id,
    sealed,
    code: codeOf(key),
    actor: ACTOR,
  });
  await start(number);
  const { status, body } = await redeem(number, await codeTo(number));
  expect({ status, ...body }).toMatchObject({
    status: 403,
    error: 'mfa_required',
    mfa_requirements: { challenge: [{ type: 'otp' }] },
  });
});

describe('the Management API', () => {
  const connection = 'Username-Password-Authentication';
  const subjectBy = async (number: string): Promise<unknown> => {
    await start(number);
    const { body } = await redeem(number, await codeTo(number));
    return decodeJwt(String(body['id_token'])).sub;
  };
  const at = (userId: string): string => `/users/${encodeURIComponent(userId)}`;

  test('makes users who sign in by their number, which is nobody else’s', async () => {
    const number = '+15551230010';
    const wanted = { connection, phone_number: number, phone_verified: true };
    const made = await node.manage('POST', '/users', wanted);
    expect(made).toMatchObject({
      status: 201,
      body: { name: number, phone_number: number, phone_verified: true },
    });
    expect(await subjectBy(number)).toBe(made.body.user_id);
    expect((await node.manage('POST', '/users', wanted)).status).toBe(409);
    const nobodys = { connection, email: 'uma@example.com', phone_verified: true };
    expect(await node.manage('POST', '/users', nobodys)).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('phone_verified: there is no phone_number') },
    });
  });

  test('says whose number is shown to be theirs, and takes it back', async () => {
    const [number, other] = ['+15551230011', '+15551230012'];
    const fields = { connection, email: 'vic@example.com', phone_number: number };
    const { body: made } = await node.manage('POST', '/users', fields);
    const { user_id: id } = made;
    expect(made).toMatchObject({ phone_number: number, phone_verified: false });
    const change = async (changes: object): Promise<object> => {
      const { status, body } = await node.manage('PATCH', at(id), changes);
      return { status, phone: body['phone_number'], isVerified: body['phone_verified'] };
    };
    const shown = { status: 200, isVerified: true };
    expect(await change({ phone_verified: true })).toEqual({ ...shown, phone: number });
    expect(await subjectBy(number)).toBe(id);
    expect(await change({ phone_number: other, phone_verified: true })).toEqual({
      ...shown,
      phone: other,
    });
    expect(await subjectBy(other)).toBe(id);
    const unshown = { ...shown, isVerified: false };
    expect(await change({ phone_verified: false })).toEqual({ ...unshown, phone: other });
    expect(await rooms.accounts.findByPhone(other)).toBeUndefined();
    expect(await change({ phone_number: null })).toEqual({ status: 200 });
    expect(await change({ phone_verified: true })).toEqual({ status: 400 });
  });

  test('gives nobody a number that is another’s, or that is none, nor takes away the only name', async () => {
    const number = '+15551230013';
    const alone = await rooms.accounts.create({ phone: number }, ACTOR);
    const { body } = await node.manage('POST', '/users', { connection, email: 'wes@example.com' });
    const answer = async (userId: string, changes: object): Promise<number> =>
      (await node.manage('PATCH', at(userId), changes)).status;
    const taken = { phone_number: number, phone_verified: true };
    expect(await answer(body.user_id, { ...taken, name: 'Wes' })).toBe(409);
    expect(await answer(body.user_id, { ...taken, email: 'wes2@example.com' })).toBe(400);
    expect(await answer(body.user_id, { ...taken, phone_number: '+49 30 123456' })).toBe(400);
    expect((await node.manage('GET', at(body.user_id))).body).toEqual(body);
    for (const changes of [{ phone_verified: false }, { phone_number: null }])
      expect(await answer(`auth0|${alone.id}`, changes)).toBe(400);
    expect((await rooms.accounts.findByPhone(number))?.id).toBe(alone.id);
  });
});
