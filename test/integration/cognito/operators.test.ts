import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeJwt } from 'jose';
import {
  CLIENT,
  openCognitoNode,
  POOL,
  type Answered,
  type CognitoNode,
} from '../../support/cognito-node.ts';

let node: CognitoNode;
beforeAll(async () => {
  node = await openCognitoNode({ people: false });
});
afterAll(() => node.close());

const GOOD = 'a long new password';
const UserPoolId = POOL;

function create(Username: string, more: object = {}): Promise<Answered> {
  const UserAttributes = [
    { Name: 'email', Value: `${Username}@made.example` },
    { Name: 'email_verified', Value: 'true' },
  ];
  const TemporaryPassword = 'for one sign-in';
  const input = { UserPoolId, Username, UserAttributes, TemporaryPassword, ...more };
  return node.call('AdminCreateUser', input);
}

function admin(operation: string, Username: string, more: object = {}): Promise<Answered> {
  return node.call(operation, { UserPoolId, Username, ...more });
}

function signIn(name: string, password = GOOD): Promise<Answered> {
  return node.call('AdminInitiateAuth', {
    UserPoolId,
    ClientId: CLIENT,
    AuthFlow: 'ADMIN_USER_PASSWORD_AUTH',
    AuthParameters: { USERNAME: name, PASSWORD: password },
  });
}

/** A user with a password that stays. */
async function made(name: string): Promise<void> {
  expect((await create(name)).status).toBe(200);
  const set = { Password: GOOD, Permanent: true };
  expect((await admin('AdminSetUserPassword', name, set)).body).toEqual({});
}

describe('operators', () => {
  test('make users, who choose a password of their own at the first sign-in', async () => {
    const { body } = await create('una');
    expect(body.User).toMatchObject({
      Username: 'una',
      Enabled: true,
      UserStatus: 'FORCE_CHANGE_PASSWORD',
      UserCreateDate: expect.any(Number),
      Attributes: expect.arrayContaining([
        { Name: 'sub', Value: expect.any(String) },
        { Name: 'email_verified', Value: 'true' },
      ]),
    });
    const asked = await signIn('una', 'for one sign-in');
    expect(asked.body.ChallengeName).toBe('NEW_PASSWORD_REQUIRED');
    const { body: answered } = await node.call('AdminRespondToAuthChallenge', {
      UserPoolId,
      ClientId: CLIENT,
      ChallengeName: 'NEW_PASSWORD_REQUIRED',
      Session: asked.body.Session,
      ChallengeResponses: { USERNAME: 'una', NEW_PASSWORD: GOOD },
    });
    expect(decodeJwt(answered.AuthenticationResult.IdToken)).toMatchObject({
      email: 'una@made.example',
      email_verified: true,
    });
    expect((await admin('AdminGetUser', 'una')).body.UserStatus).toBe('CONFIRMED');
    expect((await create('una')).error).toBe('UsernameExistsException');
  });

  test('have a flow of their own, which applications may not use', async () => {
    await made('vic');
    const flow = {
      ClientId: CLIENT,
      AuthFlow: 'ADMIN_USER_PASSWORD_AUTH',
      AuthParameters: { USERNAME: 'vic', PASSWORD: GOOD },
    };
    expect((await node.call('InitiateAuth', flow)).error).toBe('InvalidParameterException');
    expect((await signIn('vic')).status).toBe(200);
  });

  test('disable users, who lose what they hold, and enable them again', async () => {
    await made('wanda');
    const { AccessToken } = (await signIn('wanda')).body.AuthenticationResult;
    await admin('AdminDisableUser', 'wanda');
    expect((await node.call('GetUser', { AccessToken })).status).toBe(400);
    expect((await signIn('wanda')).error).toBe('NotAuthorizedException');
    await admin('AdminEnableUser', 'wanda');
    expect((await signIn('wanda')).status).toBe(200);
  });

  test('sign users out, confirm them, change and delete them', async () => {
    await made('xia');
    const { AccessToken } = (await signIn('xia')).body.AuthenticationResult;
    await admin('AdminUserGlobalSignOut', 'xia');
    expect((await node.call('GetUser', { AccessToken })).status).toBe(400);
    const UserAttributes = [{ Name: 'custom:team', Value: 'green' }];
    await admin('AdminUpdateUserAttributes', 'xia', { UserAttributes });
    const { IdToken } = (await signIn('xia')).body.AuthenticationResult;
    expect(decodeJwt(IdToken)['custom:team']).toBe('green');
    await admin('AdminDeleteUser', 'xia');
    expect((await admin('AdminGetUser', 'xia')).error).toBe('UserNotFoundException');

    await node.call('SignUp', { ClientId: CLIENT, Username: 'yan', Password: GOOD });
    expect((await signIn('yan')).error).toBe('UserNotConfirmedException');
    await admin('AdminConfirmSignUp', 'yan');
    expect((await signIn('yan')).status).toBe(200);
  });

  test('make users set a new password by a code', async () => {
    await made('zac');
    await admin('AdminResetUserPassword', 'zac');
    expect((await signIn('zac')).error).toBe('PasswordResetRequiredException');
    expect((await admin('AdminGetUser', 'zac')).body.UserStatus).toBe('RESET_REQUIRED');
  });

  test('keep groups, which tokens tell', async () => {
    await made('abe');
    const group = { UserPoolId, GroupName: 'editors' };
    expect((await node.call('CreateGroup', group)).status).toBe(200);
    expect((await node.call('CreateGroup', group)).error).toBe('GroupExistsException');
    const inGroup = { GroupName: 'editors' };
    expect((await admin('AdminAddUserToGroup', 'abe', inGroup)).body).toEqual({});
    const { AccessToken } = (await signIn('abe')).body.AuthenticationResult;
    expect(decodeJwt(AccessToken)['cognito:groups']).toEqual(['editors']);
    const { body: held } = await admin('AdminListGroupsForUser', 'abe');
    expect(held.Groups.map(({ GroupName }) => GroupName)).toEqual(['editors']);
    const { body: inIt } = await node.call('ListUsersInGroup', group);
    expect(inIt.Users.map(({ Username }) => Username)).toEqual(['abe']);
    expect((await admin('AdminRemoveUserFromGroup', 'abe', inGroup)).body).toEqual({});
    expect((await node.call('DeleteGroup', group)).body).toEqual({});
    expect((await node.call('GetGroup', group)).error).toBe('ResourceNotFoundException');
  });

  test('say of a group what AWS has, and list groups and their users by pages', async () => {
    const RoleArn = 'arn:aws:iam::000000000000:role/red';
    const red = { UserPoolId, GroupName: 'red', Description: 'Red', Precedence: 2, RoleArn };
    expect((await node.call('CreateGroup', red)).body).toMatchObject({ Group: red });
    await node.call('CreateGroup', { UserPoolId, GroupName: 'blue' });
    const change = { UserPoolId, GroupName: 'red', Precedence: 0 };
    expect((await node.call('UpdateGroup', change)).body).toMatchObject({
      Group: { ...red, Precedence: 0 },
    });
    expect((await node.call('UpdateGroup', { ...change, GroupName: 'none' })).error).toBe(
      'ResourceNotFoundException',
    );
    const { body: first } = await node.call('ListGroups', { UserPoolId, Limit: 1 });
    const { NextToken } = first;
    const { body: second } = await node.call('ListGroups', { UserPoolId, Limit: 1, NextToken });
    expect([first, second]).toMatchObject([
      { Groups: [{ GroupName: 'blue' }] },
      { Groups: [{ ...red, Precedence: 0 }] },
    ]);

    const names = ['page-a', 'page-b', 'page-c'];
    for (const name of names) {
      await create(name);
      await admin('AdminAddUserToGroup', name, { GroupName: 'red' });
    }
    const list = { UserPoolId, GroupName: 'red', Limit: 2 };
    const { body: some } = await node.call('ListUsersInGroup', list);
    const { body: rest } = await node.call('ListUsersInGroup', {
      ...list,
      NextToken: some.NextToken,
    });
    expect([...some.Users, ...rest.Users].map(({ Username }) => Username).toSorted()).toEqual(
      names,
    );
    // A group of the name that comes later begins anew.
    await node.call('DeleteGroup', { UserPoolId, GroupName: 'red' });
    const anew = await node.call('CreateGroup', { UserPoolId, GroupName: 'red' });
    expect(anew.body).not.toHaveProperty('Group.Precedence');
  });

  test('have a password made up and sent, again if it has to be', async () => {
    const created = await create('liv', { TemporaryPassword: undefined });
    expect(created.body.User.UserStatus).toBe('FORCE_CHANGE_PASSWORD');
    const passwords = async (): Promise<readonly string[]> =>
      (await node.letters('liv@made.example')).flatMap(({ codes }) => codes);
    await expect.poll(async () => (await passwords()).length).toBe(1);
    const [first = ''] = await passwords();
    expect((await signIn('liv', first)).body.ChallengeName).toBe('NEW_PASSWORD_REQUIRED');

    await admin('AdminCreateUser', 'liv', { MessageAction: 'RESEND' });
    await expect.poll(async () => (await passwords()).length).toBe(2);
    const second = (await passwords()).find((one) => one !== first) ?? '';
    expect((await signIn('liv', first)).error).toBe('NotAuthorizedException');
    expect((await signIn('liv', second)).body.ChallengeName).toBe('NEW_PASSWORD_REQUIRED');

    await admin('AdminSetUserPassword', 'liv', { Password: GOOD, Permanent: true });
    expect((await admin('AdminCreateUser', 'liv', { MessageAction: 'RESEND' })).error).toBe(
      'UnsupportedUserStateException',
    );
  });

  test('make users quietly', async () => {
    await create('moe', { MessageAction: 'SUPPRESS' });
    expect((await signIn('moe', 'for one sign-in')).body.ChallengeName).toBe(
      'NEW_PASSWORD_REQUIRED',
    );
    expect(await node.letters('moe@made.example')).toEqual([]);
    expect((await create('ned', { DesiredDeliveryMediums: ['PIGEON'] })).error).toBe(
      'InvalidParameterException',
    );
  });

  test('let people think for as long as the client says', async () => {
    const { body } = await node.call('CreateUserPoolClient', {
      UserPoolId,
      ClientName: 'slow',
      ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH'],
      AuthSessionValidity: 5,
    });
    const { ClientId: slow } = body.UserPoolClient;
    const answers: (string | undefined)[] = [];
    for (const ClientId of [slow, CLIENT]) {
      const name = `thinker-${answers.length}`;
      await create(name);
      const asked = await node.call('InitiateAuth', {
        ClientId,
        AuthFlow: 'USER_PASSWORD_AUTH',
        AuthParameters: { USERNAME: name, PASSWORD: 'for one sign-in' },
      });
      node.clock.advance(240);
      const answered = await node.call('RespondToAuthChallenge', {
        ClientId,
        ChallengeName: asked.body.ChallengeName,
        Session: asked.body.Session,
        ChallengeResponses: { USERNAME: name, NEW_PASSWORD: GOOD },
      });
      answers.push(answered.error);
    }
    expect(answers).toEqual([undefined, 'NotAuthorizedException']);
    await node.call('DeleteUserPoolClient', { UserPoolId, ClientId: slow });
  });

  test('see when and how somebody signed in, page by page', async () => {
    await made('yuri');
    await signIn('yuri', 'wrong');
    await signIn('yuri');
    const list = { MaxResults: 1 };
    const { body: first } = await admin('AdminListUserAuthEvents', 'yuri', list);
    expect(first).toEqual({
      AuthEvents: [
        {
          EventId: expect.any(String),
          EventType: 'SignIn',
          EventResponse: 'Pass',
          CreationDate: expect.any(Number),
          ChallengeResponses: [{ ChallengeName: 'Password', ChallengeResponse: 'Success' }],
          EventContextData: { IpAddress: '127.0.0.1' },
        },
      ],
      NextToken: expect.any(String),
    });
    const { NextToken } = first;
    const { body: rest } = await admin('AdminListUserAuthEvents', 'yuri', { NextToken });
    // What operators did to the account is none of the user's doing.
    expect(rest).toMatchObject({
      AuthEvents: [{ EventType: 'SignIn', EventResponse: 'Fail', ChallengeResponses: [{}] }],
    });
    expect(rest.NextToken).toBeUndefined();
    const forged = await admin('AdminListUserAuthEvents', 'yuri', { NextToken: 'x' });
    expect(forged.error).toBe('InvalidParameterException');
  });

  test('take attributes away', async () => {
    await create('oda', { UserAttributes: [{ Name: 'custom:team', Value: 'red' }] });
    const UserAttributeNames = ['custom:team'];
    expect((await admin('AdminDeleteUserAttributes', 'oda', { UserAttributeNames })).body).toEqual(
      {},
    );
    const { UserAttributes } = (await admin('AdminGetUser', 'oda')).body;
    expect(UserAttributes.map(({ Name }) => Name)).toEqual(['sub']);
  });

  test('list users by pages, and by what an attribute is or begins with', async () => {
    for (const name of ['list-a', 'list-b', 'list-c']) await made(name);
    const list = (more: object): Promise<Answered> =>
      node.call('ListUsers', { UserPoolId, ...more });
    const namesOf = ({ body }: Answered): readonly string[] =>
      body.Users.map(({ Username }) => Username);
    expect(namesOf(await list({ Filter: 'email = "list-b@made.example"' }))).toEqual(['list-b']);
    const Filter = 'username ^= "list-"';
    const first = await list({ Filter, Limit: 2 });
    const PaginationToken = first.body.PaginationToken ?? '';
    const second = await list({ Filter, Limit: 2, PaginationToken });
    expect([...namesOf(first), ...namesOf(second)].toSorted()).toEqual([
      'list-a',
      'list-b',
      'list-c',
    ]);
    expect(second.body.PaginationToken).toBeUndefined();
    const named = await list({ Filter, AttributesToGet: ['email'] });
    expect(named.body).toMatchObject({
      Users: Array.from({ length: 3 }, () => ({
        Attributes: [{ Name: 'email', Value: expect.stringMatching(/^list-/) }],
      })),
    });
    expect((await list({ Filter: 'nonsense' })).error).toBe('InvalidParameterException');
  });

  test('read what a pool and its clients are', async () => {
    const { body: pools } = await node.call('ListUserPools', { MaxResults: 10 });
    expect(pools).toEqual({ UserPools: [{ Id: POOL, Name: 'pool', LambdaConfig: {} }] });
    const { body: pool } = await node.call('DescribeUserPool', { UserPoolId });
    expect(pool).toMatchObject({ UserPool: { Id: POOL, MfaConfiguration: 'OPTIONAL' } });
    const { body: client } = await node.call('DescribeUserPoolClient', {
      UserPoolId,
      ClientId: CLIENT,
    });
    expect(client).toMatchObject({ UserPoolClient: { ClientId: CLIENT, AccessTokenValidity: 60 } });
    const { body: clients } = await node.call('ListUserPoolClients', { UserPoolId });
    expect(clients).toMatchObject({ UserPoolClients: [{}, {}, {}] });
  });
});

test('without a key that is known nobody is an operator', async () => {
  const strict = await openCognitoNode({}, {}, { mode: 'check' });
  try {
    for (const operation of ['AdminGetUser', 'ListUsers', 'AdminCreateUser', 'DescribeUserPool'])
      expect((await strict.call(operation, { UserPoolId, Username: 'ann' })).error).toBe(
        'MissingAuthenticationTokenException',
      );
  } finally {
    await strict.close();
  }
});
