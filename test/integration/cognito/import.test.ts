import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registerImportCommands } from '../../../src/cli/import.ts';
import { importFiles } from '../../../src/cognito/import/import-files.ts';
import { csrfIn } from '../../support/account-node.ts';
import {
  CALLBACK,
  openCognitoNode,
  POOL,
  type Answered,
  type CognitoNode,
} from '../../support/cognito-node.ts';
import { createSrpClient } from '../../support/srp-client.ts';
import { createHostedVisitor } from './hosted-visitor.ts';

const NEW = 'eu-west-1_Shop00001';
const ANNA = '11111111-2222-4333-8444-000000000001';
const BERT = '11111111-2222-4333-8444-000000000002';
const attribute = (Name: string, Value: string): object => ({ Name, Value });

/** What `aws cognito-idp` writes, a file for each command. */
const FILES = {
  'pool.json': {
    UserPool: {
      Id: NEW,
      Name: 'shop',
      Policies: { PasswordPolicy: { MinimumLength: 10, RequireNumbers: true } },
      LambdaConfig: { PreSignUp: 'arn:aws:lambda:eu-west-1:1:function:x' },
      AutoVerifiedAttributes: ['email', 'phone_number'],
      AliasAttributes: ['email'],
      MfaConfiguration: 'OFF',
      SchemaAttributes: [
        { Name: 'sub', AttributeDataType: 'String', Required: true, Mutable: false },
        { Name: 'custom:team', AttributeDataType: 'String', Mutable: true },
      ],
      CreationDate: '2024-03-01T12:00:00.123000+00:00',
    },
  },
  'client.json': {
    UserPoolClient: {
      UserPoolId: NEW,
      ClientName: 'web',
      ClientId: '3shopclient000000000000001',
      ClientSecret: 'a-secret-that-was-made-at-amazon',
      ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH', 'ALLOW_USER_SRP_AUTH'],
      RefreshTokenValidity: 30,
    },
  },
  'client-2.json': {
    UserPoolClient: { UserPoolId: NEW, ClientId: '3toolong', RefreshTokenValidity: 3650 },
  },
  'groups.json': {
    Groups: [{ GroupName: 'buyers', UserPoolId: NEW, Description: 'Buy', Precedence: 3 }],
  },
  'group-buyers.json': { Users: [{ Username: 'anna' }] },
  'users.json': {
    Users: [
      {
        Username: 'anna',
        Attributes: [
          attribute('sub', ANNA),
          attribute('email', 'anna@shop.example'),
          attribute('email_verified', 'true'),
          attribute('given_name', 'Anna'),
          attribute('custom:team', 'red'),
          attribute('custom:gone', 'x'),
          attribute('identities', '[]'),
        ],
        UserCreateDate: '2024-03-02T12:00:00.500000+01:00',
        Enabled: true,
        UserStatus: 'CONFIRMED',
      },
      {
        Username: 'bert',
        Attributes: [attribute('sub', BERT), attribute('email', 'bert@shop.example')],
        UserCreateDate: 1_700_000_000.5,
        Enabled: false,
        UserStatus: 'UNCONFIRMED',
      },
      { Username: 'carl', Attributes: [] },
    ],
  },
};

let node: CognitoNode;
let folder: string;
beforeAll(async () => {
  node = await openCognitoNode({ people: false });
  folder = await mkdtemp(join(tmpdir(), 'latchkey-import-'));
  await write('export', FILES);
});
afterAll(async () => {
  await node.close();
  await rm(folder, { recursive: true });
});

async function write(name: string, files: Readonly<Record<string, object>>): Promise<string> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  for (const [file, content] of Object.entries(files))
    await writeFile(join(path, file), JSON.stringify(content));
  return path;
}

/** What the command prints, and how it ends. */
async function run(...args: readonly string[]): Promise<{
  readonly printed: string;
  readonly told: readonly string[];
  readonly error: unknown;
}> {
  const printed: string[] = [];
  const told: string[] = [];
  const program = new Command().exitOverride();
  registerImportCommands(
    program,
    async () => ({
      ...(await node.openRooms()),
      print: (text) => void printed.push(text),
      printError: (text) => void told.push(text),
    }),
    { importCognito: importFiles },
  );
  const error: unknown = await program
    .parseAsync(['import', 'cognito', ...args], { from: 'user' })
    .then(() => undefined)
    .catch((caught: unknown) => caught);
  return { printed: printed.join('\n'), told, error };
}

function admin(operation: string, Username: string): Promise<Answered> {
  return node.call(operation, { UserPoolId: NEW, Username });
}

/** Where the hosted pages lead whoever types a name with a wrong password. */
async function ledTo(ClientId: string, login: string): Promise<string> {
  const { ask, browser } = createHostedVisitor(node.endpoint);
  const { url, response } = await ask({ client_id: ClientId, scope: 'openid' });
  const csrf = csrfIn((await response?.text()) ?? '');
  const body = new URLSearchParams({ csrf, login, password: 'wrong', action: 'continue' });
  return (await browser.visit(url.href, { method: 'POST', body })).url.pathname;
}

describe('an export of Cognito', () => {
  test('is tried out without being written', async () => {
    const { printed } = await run(join(folder, 'export'), '--dry-run', '--json');
    expect(JSON.parse(printed)).toMatchObject({ dryRun: true, pools: { made: 1 } });
    expect((await node.call('DescribeUserPool', { UserPoolId: NEW })).error).toBe(
      'ResourceNotFoundException',
    );
  });

  test('is carried with its ids, and what cannot be is told', async () => {
    const { printed, told, error } = await run(join(folder, 'export'), '--json');
    expect(JSON.parse(printed)).toMatchObject({
      pool: NEW,
      pools: { made: 1, present: 0, refused: 0 },
      clients: { made: 1, refused: 1 },
      groups: { made: 1 },
      users: { made: 2, refused: 1 },
      unreachable: 1,
      lost: {
        'custom:gone': 1,
        identities: 1,
        'pool: LambdaConfig': 1,
      },
    });
    expect(told).toEqual([
      expect.stringContaining('client 3toolong: RefreshTokenValidity'),
      'user carl: has no attribute sub',
    ]);
    expect(error).toMatchObject({ code: 'ERR_IMPORT_INCOMPLETE' });

    const { body: anna } = await admin('AdminGetUser', 'anna');
    expect(anna).toMatchObject({ UserStatus: 'RESET_REQUIRED', Enabled: true });
    expect(anna.UserAttributes).toEqual(
      expect.arrayContaining([
        attribute('sub', ANNA),
        attribute('email_verified', 'true'),
        attribute('custom:team', 'red'),
      ]),
    );
    expect((await admin('AdminGetUser', 'bert')).body).toMatchObject({
      UserStatus: 'UNCONFIRMED',
      Enabled: false,
    });
    const { body: held } = await admin('AdminListGroupsForUser', 'anna');
    expect(held.Groups).toMatchObject([{ GroupName: 'buyers', Description: 'Buy', Precedence: 3 }]);
    const client = { UserPoolId: NEW, ClientId: '3shopclient000000000000001' };
    expect((await node.call('DescribeUserPoolClient', client)).body.UserPoolClient).toMatchObject({
      ClientName: 'web',
      ClientSecret: 'a-secret-that-was-made-at-amazon',
    });
  });

  test('is left alone where it is there', async () => {
    const { printed } = await run(join(folder, 'export'));
    expect(printed).toMatch(/users +0 carried, 2 there already, 1 refused/);
    expect(printed).toMatch(/pools +0 carried, 1 there already, 0 refused/);
  });

  test('leads its users to set a password by a code, whichever they try', async () => {
    const { body } = await node.call('CreateUserPoolClient', {
      UserPoolId: NEW,
      ClientName: 'public',
      ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH', 'ALLOW_USER_SRP_AUTH'],
      AllowedOAuthFlowsUserPoolClient: true,
      AllowedOAuthFlows: ['code'],
      AllowedOAuthScopes: ['openid'],
      CallbackURLs: [CALLBACK],
    });
    const { ClientId } = body.UserPoolClient;
    const AuthParameters = { USERNAME: 'anna', PASSWORD: 'whatever it was' };
    const flow = { ClientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters };
    expect((await node.call('InitiateAuth', flow)).error).toBe('PasswordResetRequiredException');
    const client = createSrpClient();
    const begun = await node.call('InitiateAuth', {
      ClientId,
      AuthFlow: 'USER_SRP_AUTH',
      AuthParameters: { USERNAME: 'anna', SRP_A: client.A },
    });
    const proof = { pool: NEW, password: 'whatever it was' };
    const proven = await node.call('RespondToAuthChallenge', {
      ClientId,
      ChallengeName: 'PASSWORD_VERIFIER',
      ChallengeResponses: client.answer(begun.body.ChallengeParameters, proof),
    });
    expect(proven.error).toBe('PasswordResetRequiredException');
    expect(await ledTo(ClientId, 'anna')).toMatch(/\/forgotPassword$/u);
    expect(await ledTo(ClientId, 'nobody')).toMatch(/^\/interaction\//u);

    await node.call('ForgotPassword', { ClientId, Username: 'anna' });
    await expect.poll(async () => (await node.letters('anna@shop.example')).length).toBe(1);
    const [letter] = await node.letters('anna@shop.example');
    const [ConfirmationCode] = letter?.codes ?? [];
    const Password = 'a new one with a 1';
    const answer = { ClientId, Username: 'anna', ConfirmationCode, Password };
    expect((await node.call('ConfirmForgotPassword', answer)).body).toEqual({});
    const signIn = { ...flow, AuthParameters: { USERNAME: 'anna', PASSWORD: Password } };
    expect((await node.call('InitiateAuth', signIn)).status).toBe(200);
  });

  test('may be of a pool that is here already', async () => {
    const Users = [{ Username: 'dora', Attributes: [attribute('sub', 'dora-1')] }];
    const path = join(await write('more', { 'users.json': { Users } }), 'users.json');
    expect((await run(path)).error).toMatchObject({ code: 'ERR_EXPORT_UNCLEAR' });
    expect((await run(path, '--pool', POOL)).error).toBeUndefined();
    expect((await node.call('AdminGetUser', { UserPoolId: POOL, Username: 'dora' })).status).toBe(
      200,
    );
  });

  test.each([
    [
      'two pools at once',
      [{ UserPool: { Id: 'a', Name: 'a' } }, { UserPool: { Id: 'b', Name: 'b' } }],
    ],
    ['users without names', { Users: [{}] }],
  ])('of %s is refused whole', async (_words, content) => {
    const path = await write('bad', { 'bad.json': content });
    expect((await run(path)).error).toMatchObject({ code: 'ERR_EXPORT_UNCLEAR' });
  });
});
