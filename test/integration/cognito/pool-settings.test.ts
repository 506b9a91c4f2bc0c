import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  openCognitoNode,
  POOL,
  type Answered,
  type CognitoNode,
} from '../../support/cognito-node.ts';

let node: CognitoNode;
beforeAll(async () => {
  node = await openCognitoNode({
    people: false,
    attributes: [{ name: 'badge', mutable: false, min: 3, max: 5 }],
    standardAttributes: [{ name: 'given_name', required: true, max: 10 }],
  });
});
afterAll(() => node.close());

const GOOD = 'A-long-password-1';
/** What `terraform apply` of a pool with every block but those for SMS and Lambda sends. */
const SETTINGS = {
  AccountRecoverySetting: { RecoveryMechanisms: [{ Name: 'verified_email', Priority: 1 }] },
  AdminCreateUserConfig: {
    AllowAdminCreateUserOnly: true,
    InviteMessageTemplate: {
      EmailMessage: 'Your username is {username} and your password {####}',
      EmailSubject: 'Come in',
    },
    UnusedAccountValidityDays: 3,
  },
  AutoVerifiedAttributes: ['email'],
  DeletionProtection: 'ACTIVE',
  DeviceConfiguration: {
    ChallengeRequiredOnNewDevice: true,
    DeviceOnlyRememberedOnUserPrompt: true,
  },
  EmailConfiguration: { EmailSendingAccount: 'COGNITO_DEFAULT' },
  MfaConfiguration: 'OPTIONAL',
  Policies: {
    PasswordPolicy: {
      MinimumLength: 12,
      RequireLowercase: true,
      RequireNumbers: true,
      RequireSymbols: false,
      RequireUppercase: true,
      TemporaryPasswordValidityDays: 2,
    },
    SignInPolicy: { AllowedFirstAuthFactors: ['PASSWORD'] },
  },
  UserAttributeUpdateSettings: { AttributesRequireVerificationBeforeUpdate: ['email'] },
  UserPoolAddOns: { AdvancedSecurityMode: 'OFF' },
  UserPoolTags: { team: 'shop' },
  UserPoolTier: 'ESSENTIALS',
  VerificationMessageTemplate: { DefaultEmailOption: 'CONFIRM_WITH_CODE' },
};
const NEVER_CHANGED = {
  UsernameAttributes: ['email'],
  UsernameConfiguration: { CaseSensitive: true },
};

test('a pool is told as it was made, so that a second plan finds no difference', async () => {
  const Schema = [
    {
      Name: 'email',
      AttributeDataType: 'String',
      Required: true,
      Mutable: true,
      DeveloperOnlyAttribute: false,
      StringAttributeConstraints: { MinLength: '5', MaxLength: '100' },
    },
    {
      Name: 'tenant',
      AttributeDataType: 'String',
      Mutable: false,
      StringAttributeConstraints: { MinLength: '1', MaxLength: '64' },
    },
    {
      Name: 'age',
      AttributeDataType: 'Number',
      NumberAttributeConstraints: { MinValue: '18' },
    },
  ];
  const made = { PoolName: 'shop', Schema, ...SETTINGS, ...NEVER_CHANGED };
  const { body } = await node.call('CreateUserPool', made);
  const UserPoolId = body.UserPool.Id;
  const told = (await node.call('DescribeUserPool', { UserPoolId })).body.UserPool;
  expect(told).toMatchObject({
    Name: 'shop',
    Arn: `arn:aws:cognito-idp:us-east-1:000000000000:userpool/${UserPoolId}`,
    CreationDate: expect.any(Number),
    LastModifiedDate: expect.any(Number),
    EstimatedNumberOfUsers: 0,
    SchemaAttributes: expect.arrayContaining([
      Schema[0],
      expect.objectContaining({ ...Schema[1], Name: 'custom:tenant' }),
      expect.objectContaining({ ...Schema[2], Name: 'custom:age' }),
    ]),
    ...SETTINGS,
    ...NEVER_CHANGED,
  });

  // The same settings once more, and one that is different.
  await node.call('UpdateUserPool', { UserPoolId, ...SETTINGS, UserPoolTier: 'LITE' });
  expect((await node.call('DescribeUserPool', { UserPoolId })).body.UserPool).toEqual({
    ...told,
    LastModifiedDate: expect.any(Number),
    UserPoolTier: 'LITE',
  });
});

test('a protected pool is not deleted before that is taken back', async () => {
  const { body } = await node.call('CreateUserPool', {
    PoolName: 'x',
    DeletionProtection: 'ACTIVE',
  });
  const UserPoolId = body.UserPool.Id;
  expect((await node.call('DeleteUserPool', { UserPoolId })).error).toBe(
    'InvalidParameterException',
  );
  await node.call('UpdateUserPool', { UserPoolId, DeletionProtection: 'INACTIVE' });
  expect((await node.call('DeleteUserPool', { UserPoolId })).status).toBe(200);
});

test('tags come and go', async () => {
  const UserPoolTags = { team: 'shop', stage: 'test' };
  const { body } = await node.call('CreateUserPool', { PoolName: 'x', UserPoolTags });
  const ResourceArn = body.UserPool.Arn;
  await node.call('TagResource', { ResourceArn, Tags: { stage: 'live', owner: 'ann' } });
  await node.call('UntagResource', { ResourceArn, TagKeys: ['team'] });
  expect((await node.call('ListTagsForResource', { ResourceArn })).body).toEqual({
    Tags: { stage: 'live', owner: 'ann' },
  });
  const Tags = { stage: 'live' };
  expect((await node.call('TagResource', { ResourceArn: 'arn:aws:x', Tags })).error).toBe(
    'ResourceNotFoundException',
  );
});

test('of changes at the same time none is lost', async () => {
  const { body } = await node.call('CreateUserPool', { PoolName: 'x' });
  const ResourceArn = body.UserPool.Arn;
  const names = ['a', 'b', 'c', 'd'];
  await Promise.all(
    names.map((name) => node.call('TagResource', { ResourceArn, Tags: { [name]: name } })),
  );
  expect((await node.call('ListTagsForResource', { ResourceArn })).body).toEqual({
    Tags: { a: 'a', b: 'b', c: 'c', d: 'd' },
  });
});

function create(Username: string, attributes: Readonly<Record<string, string>>): Promise<Answered> {
  const UserAttributes = Object.entries(attributes).map(([Name, Value]) => ({ Name, Value }));
  return node.call('AdminCreateUser', {
    UserPoolId: POOL,
    Username,
    UserAttributes,
    TemporaryPassword: GOOD,
  });
}

function update(Username: string, Name: string, Value: string): Promise<Answered> {
  const UserAttributes = [{ Name, Value }];
  return node.call('AdminUpdateUserAttributes', { UserPoolId: POOL, Username, UserAttributes });
}

test('a schema holds: what is required, what cannot change, how long values are', async () => {
  const signUp = (UserAttributes: object): Promise<Answered> =>
    node.call('SignUp', { ClientId: 'public1', Username: 'sue', Password: GOOD, UserAttributes });
  expect((await signUp([])).body.message).toBe(
    'Attributes did not conform to the schema: given_name: The attribute is required',
  );
  const wordy = [{ Name: 'given_name', Value: 'x'.repeat(11) }];
  expect((await signUp(wordy)).error).toBe('InvalidParameterException');
  expect((await signUp([{ Name: 'given_name', Value: 'Sue' }])).status).toBe(200);
  expect((await update('sue', 'given_name', '')).error).toBe('InvalidParameterException');

  expect((await create('tom', { 'custom:badge': 'toolong' })).error).toBe(
    'InvalidParameterException',
  );
  await create('tom', { 'custom:badge': '1234' });
  expect((await update('tom', 'custom:badge', '1234')).status).toBe(200);
  expect((await update('tom', 'custom:badge', '4321')).body.message).toBe(
    'user.custom:badge: Attribute cannot be updated.',
  );
});

test('whoever an operator made says at the first sign-in what the pool asks of everybody', async () => {
  await create('uma', {});
  const flow = {
    ClientId: 'public1',
    AuthFlow: 'USER_PASSWORD_AUTH',
    AuthParameters: { USERNAME: 'uma', PASSWORD: GOOD },
  };
  const { body: asked } = await node.call('InitiateAuth', flow);
  expect(asked.ChallengeParameters['requiredAttributes']).toBe('["userAttributes.given_name"]');
  const answer = (more: object): Promise<Answered> =>
    node.call('RespondToAuthChallenge', {
      ClientId: 'public1',
      ChallengeName: 'NEW_PASSWORD_REQUIRED',
      Session: asked.Session,
      ChallengeResponses: { USERNAME: 'uma', NEW_PASSWORD: 'Another-password-2', ...more },
    });
  expect((await answer({})).error).toBe('InvalidParameterException');
  const { AccessToken } = (await answer({ 'userAttributes.given_name': 'Uma' })).body
    .AuthenticationResult;
  expect((await node.call('GetUser', { AccessToken })).body.UserAttributes).toContainEqual({
    Name: 'given_name',
    Value: 'Uma',
  });
});

test.each([
  ['operators alone where the pool says so', [{ Name: 'admin_only', Priority: 1 }], false],
  ['e-mail where nothing is said', [], true],
  [
    'e-mail where it comes second',
    [
      { Name: 'verified_phone_number', Priority: 1 },
      { Name: 'verified_email', Priority: 2 },
    ],
    true,
  ],
])('a forgotten password is for %s', async (_words, RecoveryMechanisms, isOpen) => {
  const AccountRecoverySetting = { RecoveryMechanisms };
  const made = await node.call('CreateUserPool', { PoolName: 'x', AccountRecoverySetting });
  const UserPoolId = made.body.UserPool.Id;
  const client = await node.call('CreateUserPoolClient', { UserPoolId, ClientName: 'app' });
  const { ClientId } = client.body.UserPoolClient;
  const Username = `who${UserPoolId.slice(-9)}`;
  const UserAttributes = [
    { Name: 'email', Value: `${Username}@new.example` },
    { Name: 'email_verified', Value: 'true' },
  ];
  await node.call('AdminCreateUser', { UserPoolId, Username, UserAttributes });
  const { error, body } = await node.call('ForgotPassword', { ClientId, Username });
  expect([error, body.message]).toEqual(
    isOpen
      ? [undefined, undefined]
      : ['NotAuthorizedException', 'Contact administrator to reset password.'],
  );
});
