import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import {
  openCognitoNode,
  POOL,
  ROTATING_CLIENT,
  type Answered,
  type CognitoNode,
} from '../../support/cognito-node.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { createSrpClient } from '../../support/srp-client.ts';

const ClientId = ROTATING_CLIENT;
const GOOD = 'a long new password';
const UserPoolId = POOL;

let redis: TestRedis;
let postgres: TestPostgres;
let node: CognitoNode;
beforeAll(async () => {
  [redis, postgres] = await Promise.all([startRedis({ port: 0 }), startPostgres()]);
  const storage = {
    state: { engine: 'redis', redis: { url: `redis://127.0.0.1:${redis.port}/0` } },
    records: { engine: 'postgres', postgres: { url: postgres.url } },
  };
  node = await openCognitoNode({}, { storage });
}, 60_000);
afterAll(async () => {
  await node.close();
  await Promise.all([redis.stop(), postgres.stop()]);
});

async function srp(password: string): Promise<Answered> {
  const client = createSrpClient();
  const AuthParameters = { USERNAME: 'nia', SRP_A: client.A };
  const begun = { AuthFlow: 'USER_SRP_AUTH', ClientId, AuthParameters };
  const { body } = await node.call('InitiateAuth', begun);
  return await node.call('RespondToAuthChallenge', {
    ClientId,
    ChallengeName: 'PASSWORD_VERIFIER',
    ChallengeResponses: client.answer(body.ChallengeParameters, { pool: POOL, password }),
  });
}

test('on Redis and PostgreSQL people sign up, prove their password, and are signed out', async () => {
  const UserAttributes = [{ Name: 'email', Value: 'nia@new.example' }];
  const user = { ClientId, Username: 'nia' };
  await node.call('SignUp', { ...user, Password: GOOD, UserAttributes });
  const ConfirmationCode = await vi.waitFor(async () => {
    const [letter] = await node.letters('nia@new.example');
    const [code] = /\b\d{6}\b/.exec(letter?.text ?? '') ?? [];
    return code ?? expect.fail('no letter');
  });
  expect((await node.call('ConfirmSignUp', { ...user, ConfirmationCode })).body).toEqual({});

  expect((await srp('another')).error).toBe('NotAuthorizedException');
  const { AccessToken, RefreshToken } = (await srp(GOOD)).body.AuthenticationResult;
  const refresh = (): Promise<Answered> =>
    node.call('GetTokensFromRefreshToken', { ClientId, RefreshToken });
  const answers = await Promise.all([refresh(), refresh(), refresh()]);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);

  const list = { UserPoolId, Filter: 'email ^= "nia@"' };
  const { body } = await node.call('ListUsers', list);
  expect(body.Users.map(({ Username }) => Username)).toEqual(['nia']);
  await node.call('AdminDeleteUser', { UserPoolId, Username: 'nia' });
  expect((await node.call('GetUser', { AccessToken })).status).toBe(400);
  expect((await node.call('ListUsers', list)).body.Users).toEqual([]);
});
