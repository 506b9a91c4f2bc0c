import { expect, test } from 'vitest';
import { cognitoConfig } from '../../../src/cognito/config.ts';
import type { ClientOfPool } from '../../../src/cognito/pools.ts';
import {
  callClientTokenGeneration,
  callPreTokenGeneration,
  withChanges,
} from '../../../src/cognito/triggers/token-triggers.ts';
import type { TokenVersion } from '../../../src/cognito/triggers/names.ts';
import type { TriggerCall, Triggers } from '../../../src/cognito/triggers/triggers.ts';
import { newUserRow, type PoolUser } from '../../../src/cognito/users.ts';
import type { JsonObject } from '../../../src/runtime/json.ts';
import { fakeAccount } from '../../support/fake-account.ts';

const OF: ClientOfPool = (() => {
  const pools = [{ id: 'us-east-1_Dev00001', clients: [{ id: 'app1' }] }];
  const [pool] = cognitoConfig.parse({ pools }).pools;
  const [client] = pool?.clients ?? [];
  if (pool === undefined || client === undefined) throw new Error('there is no pool');
  return { pool, client: { ...client, poolId: pool.id, secret: 'secret' } };
})();
const USER: PoolUser = {
  pool: OF.pool,
  account: fakeAccount({ id: 'acc-ann', username: 'ann' }),
  row: newUserRow({ pool: OF.pool, accountId: 'acc-ann', username: 'ann', typed: 'ann', now: 0 }),
};
const ASKED = {
  ...OF,
  user: USER,
  source: 'TokenGeneration_Authentication',
  groups: ['staff'],
  scopes: ['openid', 'email'],
} as const;

/** Triggers that answer `response`, and keep what they were called with. */
function fakeTriggers(
  version: TokenVersion,
  response: JsonObject,
): { readonly triggers: Triggers; readonly calls: readonly TriggerCall[] } {
  const calls: TriggerCall[] = [];
  const triggers: Triggers = {
    has: async () => true,
    async call(call) {
      calls.push(call);
      return response;
    },
    tokenVersion: () => version,
    close: () => undefined,
  };
  return { triggers, calls };
}

test('V1_0 changes ID tokens and groups, and is told of no scopes', async () => {
  const { triggers, calls } = fakeTriggers('V1_0', {
    claimsOverrideDetails: {
      claimsToAddOrOverride: { plan: 'gold' },
      claimsToSuppress: ['email'],
      groupOverrideDetails: { groupsToOverride: ['made-up'], iamRolesToOverride: [] },
    },
  });
  expect(await callPreTokenGeneration(ASKED, triggers)).toEqual({
    id: { email: null, plan: 'gold' },
    access: {},
    groups: ['made-up'],
    scopes: ['openid', 'email'],
  });
  expect(calls[0]).toMatchObject({ version: '1', response: { claimsOverrideDetails: null } });
  expect(calls[0]?.request).not.toHaveProperty('scopes');
});

test.each(['V2_0', 'V3_0'] as const)(
  '%s changes access tokens and scopes, too',
  async (version) => {
    const { triggers, calls } = fakeTriggers(version, {
      claimsAndScopeOverrideDetails: {
        accessTokenGeneration: {
          claimsToAddOrOverride: { tenant: { id: 7 } },
          scopesToAdd: ['api/read'],
          scopesToSuppress: ['email'],
        },
      },
    });
    expect(await callPreTokenGeneration(ASKED, triggers)).toEqual({
      id: {},
      access: { tenant: { id: 7 } },
      groups: ['staff'],
      scopes: ['openid', 'api/read'],
    });
    expect(calls[0]?.version).toBe(version.slice(1, 2));
  },
);

test('who answers nothing changes nothing, and who answers nonsense is refused', async () => {
  const silent = fakeTriggers('V2_0', { claimsAndScopeOverrideDetails: null });
  expect(await callPreTokenGeneration(ASKED, silent.triggers)).toEqual({
    id: {},
    access: {},
    groups: ['staff'],
    scopes: ['openid', 'email'],
  });
  const odd = fakeTriggers('V2_0', {
    claimsAndScopeOverrideDetails: { accessTokenGeneration: { scopesToAdd: ['two words'] } },
  });
  await expect(callPreTokenGeneration(ASKED, odd.triggers)).rejects.toMatchObject({
    type: 'InvalidLambdaResponseException',
  });
});

test('a client’s own token is for V3_0 alone', async () => {
  const response = {
    claimsAndScopeOverrideDetails: {
      accessTokenGeneration: { claimsToAddOrOverride: { kind: 'job' } },
    },
  };
  const asked = { ...OF, scopes: ['api/read'] };
  const earlier = fakeTriggers('V2_0', response);
  expect(await callClientTokenGeneration(asked, earlier.triggers)).toBeUndefined();
  expect(earlier.calls).toEqual([]);
  const later = fakeTriggers('V3_0', response);
  expect(await callClientTokenGeneration(asked, later.triggers)).toMatchObject({
    access: { kind: 'job' },
    scopes: ['api/read'],
  });
  expect(later.calls[0]).toMatchObject({
    source: 'TokenGeneration_ClientCredentials',
    userName: 'app1',
  });
});

test.each(
  'sub iss aud exp iat jti token_use client_id scope username origin_jti gid sid rev cognito:username aws:x dev:y'.split(
    ' ',
  ),
)('%s stays whatever a trigger says', (name) => {
  const claims = { [name]: 'ours', other: 'ours' };
  expect(withChanges(claims, { [name]: 'theirs', other: 'theirs' })).toEqual({
    [name]: 'ours',
    other: 'theirs',
  });
  expect(withChanges(claims, { [name]: null, other: null })).toEqual({ [name]: 'ours' });
});
