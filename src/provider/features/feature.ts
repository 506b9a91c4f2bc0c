import type { IncomingMessage } from 'node:http';
import type { Context } from 'koa';
import type { ClientAuthMethod, Configuration, Provider } from 'oidc-provider';
import type { Accounts } from '../../accounts/accounts.ts';
import type { Audit } from '../../audit/audit.ts';
import type { ClientCertificate } from '../../client-certificates/client-certificate.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { EncryptionAlgorithm, SigningKeys } from '../../signing-keys/signing-keys.ts';
import type { Subjects } from '../../subjects/subjects.ts';
import type { ShapeOptions } from '../access-token-shape.ts';
import type { AccountClaims } from '../account-claims.ts';
import type { AuthorizationDetails } from '../authorization-details/authorization-details.ts';
import type { DevicePages } from '../device-pages.ts';
import type { OnBackchannelRequest } from '../contract.ts';
import type { EngineClients } from '../engine-clients.ts';
import type { FurtherGrant } from '../further-grant.ts';
import type { Lifetimes } from '../lifetimes.ts';
import type { RequestScopes } from '../request-scope.ts';
import type { RequestState } from '../store/request-state.ts';
import type { Stores } from '../stores.ts';

/** Members of discovery: lists of several features are joined, anything else is one feature's alone. */
export type Announcement = Readonly<Record<string, readonly string[] | string | boolean>>;

/** What one part of the protocol adds to the engine where it is switched on. A part that is off is no feature. */
export interface Feature {
  /** Members of the engine's configuration; no two features set the same one. */
  readonly configuration?: Partial<Omit<Configuration, 'features' | 'enabledJWA' | 'ttl'>>;
  readonly engine?: NonNullable<Configuration['features']>;
  readonly algorithms?: NonNullable<Configuration['enabledJWA']>;
  /** Lives by the engine's name of the model, in seconds. */
  readonly lifetimes?: NonNullable<Configuration['ttl']>;
  /** Endpoints by the engine's name for them. */
  readonly routes?: Readonly<Record<string, string>>;
  /** Paths below these, without the path of the issuer. */
  readonly below?: readonly RegExp[];
  readonly announced?: Announcement;
  /** What discovery says beside that, made of what it says with all features. */
  following?(metadata: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
  /** How clients may authenticate, beside the ways that are always there. */
  readonly clientAuthMethods?: readonly ClientAuthMethod[];
  /** Algorithms by which others encrypt to this issuer: its key set shows a key for each. */
  readonly decrypts?: readonly EncryptionAlgorithm[];
  /** What must be done with a request before the engine reads it. */
  prepare?(ctx: Context): Promise<void>;
  /** Hung onto each generation of the engine. */
  install?(provider: Provider, options: InstallOptions): void;
}

/** What stands when a generation is made, for those that issue tokens themselves. */
export interface InstallOptions extends ShapeOptions {
  readonly audit: Audit;
  readonly clock: Clock;
  readonly lifetimes: Lifetimes;
  readonly state: RequestState;
  readonly stores: Stores;
}

/** What features are made with. */
export interface FeatureOptions {
  readonly issuer: string;
  /** The URL of a path of this issuer. */
  readonly url: (path: string) => string;
  readonly signingKeys: Pick<SigningKeys, 'current'>;
  readonly accounts: Pick<Accounts, 'findByLogin'>;
  readonly subjects: Subjects;
  readonly logger: Logger;
  /** For URLs that others chose. */
  readonly outboundFetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** Ours behind the engine's. */
  readonly ownerOf: EngineClients['ownerOf'];
  /** What a client is held to. */
  readonly profileOf: EngineClients['profileOf'];
  readonly details: AuthorizationDetails;
  /** The certificate that a request came with. */
  readonly certificateOf: (request: IncomingMessage) => ClientCertificate | undefined;
  /** Whether a request came to one of the `mtls_endpoint_aliases`. */
  readonly isAtAlias: (request: IncomingMessage) => boolean;
  readonly devicePages: DevicePages;
  readonly findAccount: AccountClaims['findAccount'];
  readonly audit: Audit;
  readonly scopes: RequestScopes;
  readonly state: RequestState;
  readonly onBackchannelRequest?: OnBackchannelRequest | undefined;
  /** Grants beside those of the specifications. */
  readonly furtherGrants?: readonly FurtherGrant[] | undefined;
  /** Secrets of the installation, the newest first. */
  readonly cookieKeys: readonly string[];
}

/** `own` with what the features announce. */
export function joinAnnouncements(
  own: Readonly<Record<string, unknown>>,
  features: readonly Feature[],
): Readonly<Record<string, unknown>> {
  const joined: Record<string, unknown> = { ...own };
  for (const [name, value] of features.flatMap(({ announced }) => Object.entries(announced ?? {})))
    joined[name] = joinMember(name, joined[name], value);
  return Object.assign(joined, ...features.map(({ following }) => following?.(joined)));
}

function joinMember(name: string, before: unknown, value: Announcement[string]): unknown {
  if (before === undefined) return value;
  if (Array.isArray(before) && Array.isArray(value)) return [...new Set([...before, ...value])];
  throw new TypeError(`two parts of the protocol announce ${name}`);
}
