import { grantsOf, tenantClientProblems } from './clients.ts';
import { FURTHER_GRANT } from '../clients/further-grants.ts';
import type { Auth0Config, TenantConfig } from './config.ts';
import { managementAudience } from './management/api.ts';

/** What tenants are held against. */
interface Surroundings {
  readonly profile: 'dev' | 'production';
  readonly issuer: string;
  readonly auth0: Auth0Config;
  readonly apis: readonly { readonly identifier: string }[];
  readonly clients: readonly {
    readonly id: string;
    readonly grantTypes?: readonly string[] | undefined;
  }[];
  readonly signingKeys: { readonly algorithms: readonly string[] };
}

interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

type Check = readonly [isWrong: boolean, path: readonly PropertyKey[], message: string];

/** Whether tenants belong together, and with the rest of the settings. */
export function auth0Problems(settings: Surroundings): readonly Problem[] {
  const { tenants } = settings.auth0;
  const misplaced = settings.clients.flatMap(({ grantTypes = [] }, index) =>
    grantTypes.some((grant) => FURTHER_GRANT.test(grant))
      ? [{ path: ['clients', index, 'grantTypes'], message: 'names a grant of tenants alone' }]
      : [],
  );
  const ofTenants = tenants.flatMap((tenant, index) => {
    const before = tenants.slice(0, index);
    const checks = [...ownChecks(tenant, settings), ...neighbourChecks(tenant, before, settings)];
    const found = checks.flatMap(([isWrong, path, message]) =>
      isWrong ? [{ path, message }] : [],
    );
    return [...found, ...tenantClientProblems(tenant)].map(({ path, message }) => ({
      path: ['auth0', 'tenants', index, ...path],
      message,
    }));
  });
  return [...misplaced, ...ofTenants];
}

function ownChecks(
  { issuer, tls, apis, clients, organizations, defaultAudience }: TenantConfig,
  settings: Surroundings,
): readonly Check[] {
  const known = new Set(settings.apis.map(({ identifier }) => identifier));
  const isPlain = settings.profile === 'production' && !issuer.startsWith('https:');
  return [
    [isPlain, ['issuer'], 'must be https in production'],
    [
      settings.profile === 'production' && tls?.from === 'dev-ca',
      ['tls', 'from'],
      'is for the dev profile: nobody else trusts that authority',
    ],
    [
      issuer.startsWith('http:') && (tls?.from ?? 'off') !== 'off',
      ['issuer'],
      'must be https: the tenant has `tls`',
    ],
    [
      !settings.signingKeys.algorithms.includes('RS256'),
      ['issuer'],
      'needs RS256 among signingKeys.algorithms: the libraries of Auth0 verify nothing else',
    ],
    ...organizations.map(({ name }, place): Check => {
      const isTaken = organizations.slice(0, place).some((other) => other.name === name);
      return [isTaken, ['organizations', place, 'name'], 'is taken by another organization'];
    }),
    ...apis.map(({ identifier }, place): Check => {
      return [!known.has(identifier), ['apis', place, 'identifier'], 'is no API under `apis`'];
    }),
    [
      known.has(managementAudience({ issuer })),
      ['issuer'],
      'has a Management API whose identifier is taken by one under `apis`',
    ],
    ...clients.map(({ managementScopes, ...client }, place): Check => {
      const isMachine = grantsOf(client).includes('client_credentials');
      return [
        managementScopes !== undefined && !isMachine,
        ['clients', place, 'managementScopes'],
        'needs client_credentials among grantTypes',
      ];
    }),
    ...clients.map(({ organizationUsage, grantTypes = [] }, place): Check => {
      return [
        organizationUsage === 'require' && grantTypes.some((grant) => FURTHER_GRANT.test(grant)),
        ['clients', place, 'organizationUsage'],
        'must not be require beside grants without a page',
      ];
    }),
    [
      defaultAudience !== undefined &&
        !apis.some(({ identifier }) => identifier === defaultAudience),
      ['defaultAudience'],
      'is no API of the tenant',
    ],
  ];
}

function neighbourChecks(
  tenant: TenantConfig,
  before: readonly TenantConfig[],
  settings: Surroundings,
): readonly Check[] {
  const origins = [settings.issuer, ...before.map(({ issuer }) => issuer)].map(originOf);
  const ids = [
    ...settings.clients.map(({ id }) => id),
    ...before.flatMap(({ clients }) => clients.map(({ clientId }) => clientId)),
  ];
  return [
    [before.some(({ name }) => name === tenant.name), ['name'], 'is taken by another tenant'],
    [origins.includes(originOf(tenant.issuer)), ['issuer'], 'is the origin of another issuer'],
    ...tenant.clients.map(({ clientId }, place): Check => {
      return [ids.includes(clientId), ['clients', place, 'clientId'], 'is taken by another client'];
    }),
  ];
}

function originOf(url: string): string {
  return new URL(url).origin;
}
