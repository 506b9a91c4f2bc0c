import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Rooms } from '../../../src/compose.ts';
import {
  openTenantNode,
  SECRET,
  SPA,
  WEB,
  CALLBACK,
  type Answer,
  type TenantNode,
} from './tenant-node.ts';

const OTP = 'http://auth0.com/oauth/grant-type/passwordless/otp';
const ACTOR = { by: 'test', origin: { address: 'test' } };
const ANN = '+15551230001';

let node: TenantNode;
let rooms: Rooms;

beforeAll(async () => {
  const grantTypes = ['authorization_code', 'refresh_token', OTP];
  node = await openTenantNode(
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
  expect((await redeem(number, await codeTo(number))).status).toBe(200);
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
    body: { error: 'bad.phone_number' },
  });
  expect(await start('', { connection: 'email', email: 'ann@example.com' })).toMatchObject({
    status: 400,
    body: { error: 'bad.connection' },
  });
  expect((await redeem('ann@example.com', '123456', { realm: 'email' })).body).toMatchObject({
    error_description: 'Specified realm is not found.',
  });
});
