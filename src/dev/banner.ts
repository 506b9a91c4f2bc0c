import { resolve } from 'node:path';
import type { DeclaredPerson } from '../accounts/config.ts';
import type { DeclaredClient } from '../clients/config.ts';
import { INBOX } from './inbox-page.ts';

/** The client that the try page is. */
export const TRY_CLIENT = 'try';

/** What a developer should see when the provider is up. */
export interface BannerSettings {
  readonly issuer: string;
  readonly people: readonly DeclaredPerson[];
  readonly clients: readonly DeclaredClient[];
  readonly storage: {
    readonly state: { readonly engine: string };
    readonly records: { readonly engine: string };
    readonly embedded: { readonly file: string };
  };
  readonly signingKeys: { readonly folder: string };
  readonly mail: { readonly smtp: { readonly host?: string | undefined } };
  readonly sms: { readonly gateway: { readonly url?: string | undefined } };
  readonly dev: { readonly tryPage: boolean; readonly seed?: string | undefined };
  readonly accountPage: { readonly enabled: boolean };
  readonly cognito: {
    readonly enabled: boolean;
    readonly endpoint: string;
    readonly pools: readonly {
      readonly id: string;
      readonly clients: readonly {
        readonly id: string;
        readonly secretInClear?: string | undefined;
      }[];
    }[];
  };
  readonly auth0: {
    readonly tenants: readonly {
      readonly issuer: string;
      readonly clients: readonly {
        readonly clientId: string;
        readonly appType: string;
        readonly clientSecretInClear?: string | undefined;
        readonly callbacks: readonly string[];
      }[];
      readonly apis: readonly { readonly identifier: string }[];
    }[];
  };
}

/** A short word at start, in the dev profile: where it is, who can sign in, which clients there are. */
export function banner(
  settings: BannerSettings,
  { port, authorityFile }: { readonly port: number; readonly authorityFile: string | undefined },
): string {
  const { issuer, people, clients, storage, signingKeys, mail, sms, dev, accountPage } = settings;
  const hasTryPage = dev.tryPage && clients.some(({ id }) => id === TRY_CLIENT);
  const isKept = mail.smtp.host === undefined || sms.gateway.url === undefined;
  const rows: readonly (readonly [string, string])[] = [
    ['Issuer', issuer],
    ...rowsOfPort(portOf(issuer), port),
    ...(hasTryPage ? ([['Try it', `${issuer}/try`]] as const) : []),
    ...(accountPage.enabled ? ([['Account', `${issuer}/account`]] as const) : []),
    ...(isKept ? ([['Inbox', `${issuer}${INBOX}`]] as const) : []),
    [
      'For tests',
      `${issuer}/dev/clock, /dev/tokens, /dev/faults, /dev/snapshot: docs/guides/testing.md`,
    ],
    ['Discovery', `${issuer}/.well-known/openid-configuration`],
    ...people.map(
      ({ email, username, password }, index) =>
        [index === 0 ? 'Sign in as' : '', `${email ?? username ?? ''}  ${password ?? ''}`] as const,
    ),
    ...clients.map((client, index) => [index === 0 ? 'Clients' : '', describe(client)] as const),
    ...cognitoRows(settings.cognito),
    ...settings.auth0.tenants.flatMap(rowsOfTenant),
    ['Data', `${places(storage)}, keys in ${signingKeys.folder}/`],
    ...(dev.seed === undefined
      ? []
      : ([['SEEDED', 'dev.seed is set: every key, code and secret can be foretold']] as const)),
    ...(authorityFile === undefined
      ? []
      : ([
          ['Certificate', `signed by a local authority: trust ${authorityFile}`],
          ['', `NODE_EXTRA_CA_CERTS=${resolve(authorityFile)}`],
        ] as const)),
  ];
  const lines = rows.map(([name, value]) => `  ${name.padEnd(12)}${value}`.trimEnd());
  return [
    '',
    '  Latchkey is up. Dev profile: sample people and secrets, this machine only.',
    '',
    ...lines,
    '',
  ].join('\n');
}

/** Whoever changes the issuer alone would look for the node in vain. */
function rowsOfPort(asked: number, port: number): readonly (readonly [string, string])[] {
  if (asked === port) return [];
  const advice = `set http.listen.port to ${asked}, unless a proxy leads from there to here`;
  return [['', `LISTENS ON PORT ${port}: ${advice}`]];
}

function portOf(issuer: string): number {
  const { port, protocol } = new URL(issuer);
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

/** What to paste into an application that was written for Auth0. */
function rowsOfTenant({
  issuer,
  clients,
  apis,
}: BannerSettings['auth0']['tenants'][number]): readonly (readonly [string, string])[] {
  return [
    ['Auth0', `AUTH0_DOMAIN=${new URL(issuer).host}`],
    ...rowsOfName(new URL(issuer).hostname),
    ...apis.map(({ identifier }) => ['', `AUTH0_AUDIENCE=${identifier}`] as const),
    ...clients.map((client) => {
      const { clientId: id, appType: type, clientSecretInClear: secretInClear } = client;
      return ['', describe({ id, type, secretInClear, redirectUris: client.callbacks })] as const;
    }),
  ];
}

/** A name that is not this machine's everywhere. */
function rowsOfName(hostname: string): readonly (readonly [string, string])[] {
  const isHere = /^(?:(?:.+\.)?localhost|127\.[\d.]+|\[::1\])$/.test(hostname);
  return isHere ? [] : [['', `needs the line "127.0.0.1 ${hostname}" in /etc/hosts`]];
}

interface Described {
  readonly id: string;
  readonly type: string;
  readonly secretInClear?: string | undefined;
  readonly redirectUris?: readonly string[] | undefined;
}

function describe({ id, type, secretInClear, redirectUris = [] }: Described): string {
  const parts = [
    id,
    `(${type})`,
    ...(secretInClear === undefined ? [] : [`secret ${secretInClear}`]),
  ];
  return [...parts, ...redirectUris.slice(0, 1)].join('  ');
}

/** What applications of Cognito are told. */
function cognitoRows({
  enabled,
  endpoint,
  pools,
}: BannerSettings['cognito']): readonly (readonly [string, string])[] {
  if (!enabled) return [];
  return [
    ['Cognito', `AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=${endpoint}`],
    ...pools.flatMap(({ id, clients }) => [
      ['', `pool ${id}`] as const,
      ...clients.map(
        (client) => ['', ['client', client.id, ...secretOf(client)].join(' ')] as const,
      ),
    ]),
  ];
}

function secretOf({
  secretInClear,
}: {
  readonly secretInClear?: string | undefined;
}): readonly string[] {
  return secretInClear === undefined ? [] : [` secret ${secretInClear}`];
}

function places({ state, records, embedded }: BannerSettings['storage']): string {
  const names = new Set([state.engine, records.engine]);
  return [...names].map((name) => (name === 'embedded' ? embedded.file : name)).join(' and ');
}
