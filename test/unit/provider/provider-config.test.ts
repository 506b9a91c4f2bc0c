import { describe, expect, test } from 'vitest';
import {
  checkProtocolSettings,
  claimsConfig,
  registrationConfig,
  sessionsConfig,
  tokensConfig,
  type ForeignLifetimes,
  type ProtocolSettings,
} from '../../../src/provider/config.ts';
import { protocolConfig } from '../../../src/provider/features/config.ts';

function messages(parse: () => unknown): readonly string[] {
  try {
    parse();
    return [];
  } catch (error) {
    return (error as { issues: { path: PropertyKey[] }[] }).issues.map(({ path }) =>
      path.join('.'),
    );
  }
}

test('the defaults are those that the documentation promises', () => {
  expect(tokensConfig.parse({})).toMatchObject({
    accessTokenFormat: 'jwt',
    accessTokenAlgorithm: 'ES256',
    accessToken: 900,
    idToken: 3600,
    refreshTokenIdle: 7 * 86_400,
    refreshTokenAbsolute: 30 * 86_400,
    refreshRetryWindow: 10,
  });
  expect(sessionsConfig.parse({})).toMatchObject({ idle: 86_400, absolute: 14 * 86_400 });
  expect(registrationConfig.parse({})).toMatchObject({ mode: 'off', requirePkce: true });
});

describe('a section refuses', () => {
  test.each([
    [{ refreshTokenIdle: '31d' }, 'refreshTokenIdle'],
    [{ refreshRetryWindow: '6m' }, 'refreshRetryWindow'],
    [{ grant: '29d' }, 'grant'],
    [{ refreshTokenAbsolute: '60d' }, 'grant'],
  ])('tokens %j', (section, path) => {
    expect(messages(() => tokensConfig.parse(section))).toEqual([path]);
  });

  test('a session that idles longer than it lasts', () => {
    expect(messages(() => sessionsConfig.parse({ idle: '15d' }))).toEqual(['idle']);
  });

  test('an initial access token that nobody asks for', () => {
    const section = { mode: 'open', initialAccessToken: { env: 'TOKEN' } };
    expect(messages(() => registrationConfig.parse(section))).toEqual(['initialAccessToken']);
  });

  test('claims that say what a token is', () => {
    const section = {
      custom: [
        { claim: 'ssn', attribute: 'ssn' },
        { claim: 'sub', attribute: 'name' },
      ],
      sensitive: ['ssn'],
    };
    expect(messages(() => claimsConfig.parse(section))).toEqual(['custom.1.claim']);
  });
});

describe('between sections', () => {
  const settings: ProtocolSettings = {
    tokens: tokensConfig.parse({}),
    sessions: sessionsConfig.parse({}),
    registration: registrationConfig.parse({}),
    claims: claimsConfig.parse({ sensitive: ['ssn'] }),
    protocol: protocolConfig.parse({}),
    authentication: { secondFactor: 'if-enrolled' },
    joining: { mode: 'open' },
  };
  const nothing: ForeignLifetimes = { clients: [], apis: [], algorithms: ['RS256', 'ES256'] };

  test('the defaults agree', () => {
    expect(checkProtocolSettings(settings, nothing)).toEqual([]);
  });

  test('everything that would outlive its grant, sign without a key or tell a secret is named', () => {
    const problems = checkProtocolSettings(
      { ...settings, sessions: { ...settings.sessions, absolute: 50 * 86_400 } },
      {
        clients: [{ path: ['clients', 0], policy: { refreshTokenAbsoluteSeconds: 46 * 86_400 } }],
        apis: [
          {
            path: ['apis', 0],
            attributes: ['ssn', 'roles'],
            signingAlgorithm: 'EdDSA',
            isEncrypted: false,
          },
        ],
        algorithms: ['RS256'],
      },
    );
    expect(problems.map(({ path }) => path.join('.'))).toEqual([
      'tokens.grant',
      'tokens.accessTokenAlgorithm',
      'clients.0',
      'apis.0',
      'apis.0',
    ]);
  });

  test('a sensitive attribute stands in a token only where that is encrypted', () => {
    const claims = claimsConfig.parse({
      custom: [{ claim: 'ssn', attribute: 'ssn', in: ['id_token'] }],
      sensitive: ['ssn'],
    });
    const api = { path: ['apis', 0], attributes: ['ssn'], signingAlgorithm: 'ES256' };
    const pathsOf = (enabled: boolean): readonly string[] => {
      const protocol = protocolConfig.parse({ encryption: { enabled } });
      const foreign = { ...nothing, apis: [{ ...api, isEncrypted: enabled }] };
      const problems = checkProtocolSettings({ ...settings, claims, protocol }, foreign);
      return problems.map(({ path }) => path.join('.'));
    };
    expect(pathsOf(false)).toEqual(['apis.0', 'claims.custom.0.in']);
    expect(pathsOf(true)).toEqual([]);
  });
});
