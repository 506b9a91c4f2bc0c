import { afterAll, beforeAll, expect, test } from 'vitest';
import { PASSWORD } from '../../support/account-node.ts';
import {
  CLIENT,
  openCognitoNode,
  POOL,
  ROTATING_CLIENT,
  type Answered,
  type CognitoNode,
} from '../../support/cognito-node.ts';
import { createSrpClient, N } from '../../support/srp-client.ts';

let node: CognitoNode;
beforeAll(async () => {
  // In clear: there is something to prove a password by from the start.
  const people = ['ann', 'ben', 'cat', 'dan', 'eve', 'fay', 'gus'].map((username) => ({
    username,
    email: `${username}@example.com`,
    emailVerified: true,
    password: PASSWORD,
  }));
  node = await openCognitoNode({}, { people });
});
afterAll(() => node.close());

const client = createSrpClient();

function begin(name: string, A = client.A, ClientId = CLIENT): Promise<Answered> {
  const AuthParameters = { USERNAME: name, SRP_A: A };
  return node.call('InitiateAuth', { AuthFlow: 'USER_SRP_AUTH', ClientId, AuthParameters });
}

function prove(
  parameters: Readonly<Record<string, string>>,
  password = PASSWORD,
  ClientId = CLIENT,
): Promise<Answered> {
  return node.call('RespondToAuthChallenge', {
    ClientId,
    ChallengeName: 'PASSWORD_VERIFIER',
    ChallengeResponses: client.answer(parameters, { pool: POOL, password }),
  });
}

async function srp(name: string, password = PASSWORD, clientId = CLIENT): Promise<Answered> {
  const { body } = await begin(name, client.A, clientId);
  return await prove(body.ChallengeParameters, password, clientId);
}

/** A password that passes by in clear, so that there is something to prove it by. */
async function passBy(name: string): Promise<void> {
  const AuthParameters = { USERNAME: name, PASSWORD };
  const flow = { AuthFlow: 'USER_PASSWORD_AUTH', ClientId: CLIENT, AuthParameters };
  expect((await node.call('InitiateAuth', flow)).status).toBe(200);
}

test('whom the dev profile declares proves their password from the start, by name or by address', async () => {
  expect((await srp('ann')).body.AuthenticationResult.TokenType).toBe('Bearer');
  expect((await srp('ann@example.com')).status).toBe(200);
});

test('anybody else does once they have signed in by password', async () => {
  const rooms = await node.openRooms();
  try {
    const actor = { by: 'test', origin: { address: 'test' } };
    await rooms.accounts.create({ username: 'zoe', password: PASSWORD }, actor);
  } finally {
    await rooms.close();
  }
  expect((await srp('zoe')).error).toBe('NotAuthorizedException');
  await passBy('zoe');
  expect((await srp('zoe')).status).toBe(200);
});

test('a proof of another password is refused, and counts as a guess', async () => {
  await passBy('ben');
  for (let guess = 0; guess < 20; guess += 1)
    expect((await srp('ben', `guess ${guess}`)).body.message).toBe(
      'Incorrect username or password.',
    );
  expect((await srp('ben')).body.message).toBe('Password attempts exceeded');
});

test('a handshake is good for one proof, by the client that began it', async () => {
  await passBy('cat');
  const { body } = await begin('cat');
  expect((await prove(body.ChallengeParameters)).status).toBe(200);
  expect((await prove(body.ChallengeParameters)).status).toBe(400);
  const other = await begin('cat');
  expect((await prove(other.body.ChallengeParameters, PASSWORD, ROTATING_CLIENT)).status).toBe(400);
});

test('two proofs of one handshake at once give one session', async () => {
  await passBy('dan');
  const { body } = await begin('dan');
  const answers = await Promise.all([1, 2, 3].map(() => prove(body.ChallengeParameters)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
});

test('a public value of zero proves nothing (A mod N = 0)', async () => {
  await passBy('eve');
  const { body } = await begin('eve', N.toString(16));
  expect((await prove(body.ChallengeParameters)).status).toBe(400);
});

test('an unknown user looks like a known one to a client that does not want it told', async () => {
  await passBy('fay');
  const known = await begin('fay', client.A, ROTATING_CLIENT);
  const unknown = await begin('nobody', client.A, ROTATING_CLIENT);
  const again = await begin('nobody', client.A, ROTATING_CLIENT);
  const shapeOf = ({ body }: Answered): object =>
    Object.fromEntries(
      Object.entries<string>(body.ChallengeParameters).map(([name, value]) => [
        name,
        name === 'SALT' ? value.length : typeof value,
      ]),
    );
  expect(shapeOf(unknown)).toEqual(shapeOf(known));
  expect(again.body.ChallengeParameters.SALT).toBe(unknown.body.ChallengeParameters.SALT);
  expect((await srp('nobody', PASSWORD, ROTATING_CLIENT)).body.message).toBe(
    'Incorrect username or password.',
  );
  expect((await begin('nobody')).error).toBe('UserNotFoundException');
});

test('a password that is set elsewhere ends what proves the old one, also in a handshake under way', async () => {
  await passBy('gus');
  const { body } = await begin('gus');
  const rooms = await node.openRooms();
  try {
    const account = await rooms.accounts.findByLogin('gus');
    const actor = { by: 'test', origin: { address: 'test' } };
    await rooms.accounts.setPassword(account?.id ?? '', 'another long password', actor);
  } finally {
    await rooms.close();
  }
  expect((await prove(body.ChallengeParameters)).status).toBe(400);
  expect((await srp('gus')).status).toBe(400);
  expect((await srp('gus', 'another long password')).status).toBe(400);
});
