import { z } from 'zod';
import { accountPageConfig } from './account-page/config.ts';
import { accountsConfig } from './accounts/attributes-config.ts';
import { peopleConfig, signInConfig } from './accounts/config.ts';
import { auditConfig } from './audit/config.ts';
import { auth0Config } from './auth0/config.ts';
import { auth0Problems } from './auth0/tenant-problems.ts';
import { unknownApis } from './clients/api-references.ts';
import { apisConfig, clientsConfig } from './clients/config.ts';
import { issuerConfig, profileConfig } from './config/installation.ts';
import { cognitoConfig, cognitoProblems } from './cognito/config.ts';
import { devConfig } from './dev/config.ts';
import { seedProblems } from './dev/seed-problems.ts';
import { factorsConfig, passkeyProblems } from './factors/config.ts';
import { groupProblems, groupsConfig, rolesConfig } from './groups/config.ts';
import { httpConfig } from './http/config.ts';
import { pagesConfig } from './interactions/config.ts';
import { joiningConfig, joiningProblems } from './joining/config.ts';
import { mailConfig } from './mail/config.ts';
import { authenticationConfig } from './flows/config.ts';
import {
  checkProtocolSettings,
  claimsConfig,
  registrationConfig,
  sessionsConfig,
  tokensConfig,
} from './provider/config.ts';
import { protocolConfig } from './provider/features/config.ts';
import { CIBA_GRANT, cibaProblems } from './provider/features/ciba.ts';
import { authorizationDetailsProblems } from './provider/features/authorization-details.ts';
import { encryptedRequestsProblems } from './provider/features/encrypted-requests.ts';
import { certificateProblems } from './provider/features/certificate-problems.ts';
import { clientIdMetadataProblems } from './provider/features/client-id-metadata.ts';
import { fapi2Problems } from './provider/features/fapi2-problems.ts';
import { jwtBearerProblems } from './provider/features/jwt-bearer.ts';
import { TOKEN_EXCHANGE } from './provider/features/token-exchange.ts';
import { resourceMetadataProblems } from './provider/resource-metadata.ts';
import { recoveryConfig } from './recovery/config.ts';
import { revocationConfig } from './revocation/config.ts';
import { logConfig } from './runtime/config.ts';
import { signingKeysConfig } from './signing-keys/config.ts';
import { checkKeyPromises } from './signing-keys/promises.ts';
import { smsConfig, smsProblems } from './sms/config.ts';
import { statusListsConfig } from './status-lists/config.ts';
import { storageConfig } from './storage/config.ts';

/** Every section of every room, in the order in which an operator meets them. */
const sections = z.strictObject({
  profile: profileConfig,
  issuer: issuerConfig,
  http: httpConfig.describe('How the node is reached, and what it reaches.'),
  storage: storageConfig.describe('Where everything is kept.'),
  signingKeys: signingKeysConfig.describe('How signing keys live.'),
  tokens: tokensConfig.describe('What tokens are, and how long they live.'),
  sessions: sessionsConfig.describe('How long people stay signed in.'),
  clients: clientsConfig.describe('Relying parties.'),
  apis: apisConfig.describe('What access tokens are for.'),
  people: peopleConfig.describe('People.'),
  accounts: accountsConfig.describe('What is kept of people.'),
  groups: groupsConfig.describe('Groups of people.'),
  roles: rolesConfig.describe('What people and groups may do.'),
  authentication: authenticationConfig.describe('How people prove who they are.'),
  signIn: signInConfig.describe('Passwords, and limits on guessing them.'),
  factors: factorsConfig.describe('What people prove themselves with beside a password.'),
  registration: registrationConfig.describe('Clients that register themselves.'),
  protocol: protocolConfig.describe('Parts of the protocol that can be switched on and off.'),
  claims: claimsConfig.describe('Claims beside the standard ones.'),
  joining: joiningConfig.describe('How people come to have an account.'),
  recovery: recoveryConfig.describe('How people get back into their account.'),
  accountPage: accountPageConfig.describe('What people may do for themselves.'),
  pages: pagesConfig.describe('How the pages look, and which languages they speak.'),
  cognito: cognitoConfig.describe('In place of Amazon Cognito user pools.'),
  mail: mailConfig.describe('Letters to people.'),
  sms: smsConfig.describe('Text messages to people.'),
  revocation: revocationConfig.describe('How what was taken back is remembered and told.'),
  statusLists: statusListsConfig.describe(
    'Lists by which APIs that do not follow the feed see what was taken back.',
  ),
  audit: auditConfig.describe('The record of what happened.'),
  log: logConfig.describe('What the node tells its operators.'),
  auth0: auth0Config.describe('Origins that applications take for an Auth0 tenant.'),
  dev: devConfig.describe('What the dev profile adds.'),
});

type Sections = z.output<typeof sections>;

/** The whole configuration: every section, and what must hold between them. */
export const settingsSchema = sections.superRefine((settings, context) => {
  for (const { path, message } of problemsBetween(settings))
    context.addIssue({ code: 'custom', path: [...path], message });
});

export type Settings = Sections;

interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function problemsBetween(settings: Sections): readonly Problem[] {
  const { clients, apis, signingKeys } = settings;
  const keys = checkKeyPromises(signingKeys, {
    longestTokenSeconds: longestToken(settings),
    longestSessionSeconds: settings.sessions.absolute,
  });
  const protocol = checkProtocolSettings(withSensitiveAttributes(settings), {
    clients: clients.map((client, index) => ({
      path: ['clients', index],
      policy: { refreshTokenAbsoluteSeconds: client.refreshTokenAbsolute },
    })),
    apis: apis.map((api, index) => ({
      path: ['apis', index],
      attributes: Object.values(api.claims),
      signingAlgorithm: api.signingAlgorithm,
      isEncrypted: api.encryption !== undefined,
    })),
    algorithms: signingKeys.algorithms,
  });
  return [
    ...keys.map(({ path, message }) => ({ path: ['signingKeys', ...path], message })),
    ...protocol,
    ...auth0Problems(settings),
    ...groupProblems(settings),
    ...encryptedRequestsProblems(settings),
    ...clientIdMetadataProblems(settings),
    ...jwtBearerProblems(settings),
    ...authorizationDetailsProblems(settings),
    ...resourceMetadataProblems(settings),
    ...cibaProblems(settings),
    ...passkeyProblems(settings).map(({ path, message }) => ({
      path: ['factors', 'passkeys', ...path],
      message,
    })),
    ...unknownApis(clients, apis).map(({ path, message }) => ({
      path: ['clients', ...path],
      message,
    })),
    ...featureProblems(settings),
    ...certificateProblems(settings),
    ...fapi2Problems(settings),
    ...joiningProblems(settings),
    ...cognitoProblems(settings),
    ...smsProblems(settings),
    ...revocationProblems(settings),
    ...seedProblems(settings),
  ];
}

/** What attributes declare of themselves counts like `claims.sensitive`. */
export function withSensitiveAttributes<Part extends Pick<Settings, 'claims' | 'accounts'>>(
  settings: Part,
): Part {
  const { claims, accounts } = settings;
  const declared = accounts.attributes.filter(({ sensitive }) => sensitive);
  const sensitive = [...claims.sensitive, ...declared.map(({ name }) => name)];
  return { ...settings, claims: { ...claims, sensitive } };
}

type Client = Sections['clients'][number];
/** Those that have a switch. */
type Feature = Exclude<keyof Sections['protocol'], 'jwtBearer' | 'authorizationDetails' | 'fapi2'>;

/** Settings of clients that mean nothing without a part of the protocol. */
const USES: readonly (readonly [keyof Client, Feature])[] = [
  ['requirePushedAuthorizationRequests', 'pushedRequests'],
  ['dpopBoundAccessTokens', 'dpop'],
  ['requestObjectSigningAlg', 'requestObjects'],
  ['requireSignedRequestObject', 'requestObjects'],
  ['authorizationSignedResponseAlg', 'signedAnswers'],
  ['introspectionSignedResponseAlg', 'signedAnswers'],
  ['userinfoSignedResponseAlg', 'signedAnswers'],
  ['idTokenEncryptedResponseAlg', 'encryption'],
  ['authorizationEncryptedResponseAlg', 'encryption'],
  ['introspectionEncryptedResponseAlg', 'encryption'],
  ['userinfoEncryptedResponseAlg', 'encryption'],
  ['tokenExchange', 'tokenExchange'],
];

/** Parts of the protocol that clients and APIs use, and that are off. */
function featureProblems({ clients, apis, protocol }: Sections): readonly Problem[] {
  const used = [
    ...clients.flatMap((client, index) =>
      partsOf(client).map(([name, part]) => ({ path: ['clients', index, name], part })),
    ),
    ...apis.flatMap(({ encryption }, index) =>
      encryption === undefined
        ? []
        : [{ path: ['apis', index, 'encryption'], part: 'encryption' as const }],
    ),
  ];
  return used
    .filter(({ part }) => !protocol[part].enabled)
    .map(({ path, part }) => ({ path, message: `needs protocol.${part}.enabled` }));
}

/** What a client uses, each with the setting by which. */
function partsOf(client: Client): readonly (readonly [keyof Client, Feature])[] {
  const { subjectType, responseTypes = [], grantTypes = [], type } = client;
  const all: readonly (readonly [boolean, keyof Client, Feature])[] = [
    ...USES.map(([name, part]) => [Boolean(client[name]), name, part] as const),
    [subjectType === 'pairwise', 'subjectType', 'pairwiseSubjects'],
    [type === 'device', 'type', 'deviceFlow'],
    [grantTypes.includes(TOKEN_EXCHANGE), 'grantTypes', 'tokenExchange'],
    [grantTypes.includes(CIBA_GRANT), 'grantTypes', 'ciba'],
    [responseTypes.some((one) => one.endsWith('id_token')), 'responseTypes', 'idTokenResponses'],
  ];
  return all.flatMap(([isUsed, name, part]) => (isUsed ? [[name, part] as const] : []));
}

function revocationProblems(settings: Sections): readonly Problem[] {
  const { longestToken: tokenMax, longestRecord: recordMax } = settings.revocation;
  const forgotten = (name: string, seconds: number, what: string): Problem => ({
    path: ['revocation', name],
    message: `must be at least ${seconds}s, the longest life of ${what}: what was revoked would be forgotten before it ends`,
  });
  const token = longestAccessToken(settings);
  const record = longestRecord(settings);
  return [
    ...(tokenMax < token ? [forgotten('longestToken', token, 'an access token')] : []),
    ...(recordMax < record
      ? [forgotten('longestRecord', record, 'a grant, a session or a refresh token')]
      : []),
  ];
}

function longestRecord({ tokens, sessions, clients }: Sections): number {
  const own = clients.map(({ refreshTokenAbsolute }) => refreshTokenAbsolute ?? 0);
  return Math.max(tokens.grant, sessions.absolute, tokens.refreshTokenAbsolute, ...own);
}

/** How long access tokens live at most, in seconds, by the settings. */
export function longestAccessToken({ tokens, clients, apis }: Settings): number {
  const own = [...clients, ...apis].map(({ accessTokenTtl }) => accessTokenTtl ?? 0);
  return Math.max(tokens.accessToken, ...own);
}

/** Of whatever is verified by the key set, lists of status among it. */
function longestToken(settings: Sections): number {
  const { tokens, clients, statusLists } = settings;
  const statusList = statusLists.enabled ? statusLists.lifetime : 0;
  const idTokens = clients.map(({ idTokenTtl }) => idTokenTtl ?? 0);
  return Math.max(longestAccessToken(settings), tokens.idToken, statusList, ...idTokens);
}
