import type { Router } from '@koa/router';
import { accountUrlOf, dutiesOf, hasMail } from './capabilities.ts';
import type { FurtherIssuer, OpenedIssuer } from './capability.ts';
import type { Rooms } from './compose.ts';
import { createResourceServers } from './clients/resource-servers.ts';
import { servedClients } from './clients/served-clients.ts';
import type { Metrics } from './http/metrics.ts';
import type { Renderer } from './http/renderer.ts';
import {
  createInteractionRoutes,
  type InteractionRoutesOptions,
} from './interactions/interaction-routes.ts';
import { joinPath, RECOVER_PATH } from './interactions/paths.ts';
import { createProtocolPages } from './interactions/protocol-pages.ts';
import type { Ways } from './interactions/sign-in-step.ts';
import { createJoinPages } from './joining/join-pages.ts';
import { createProtocol, type ProtocolOptions } from './provider/create-protocol.ts';
import { protocolConfig } from './provider/features/config.ts';
import { createFeedAuthorization } from './revocation/feed-authorization.ts';
import { createFeedSigner } from './revocation/feed-signing.ts';
import { createFeed, type Feed } from './revocation/feed.ts';
import { type Settings, withSensitiveAttributes } from './settings.ts';
import type { SigningKeys } from './signing-keys/signing-keys.ts';

const DAY_SECONDS = 86_400;
const NO_WAYS: Ways = { joinUrl: () => '', recoverUrl: () => '' };

/** What the issuers of a node share. */
export interface IssuerParts {
  readonly rooms: Rooms;
  readonly signingKeys: SigningKeys;
  readonly renderer: Renderer;
  readonly metrics: Metrics;
}

/** What every protocol of a node is made with. */
export function protocolOptions({
  rooms,
  signingKeys,
  renderer,
  metrics,
}: IssuerParts): Omit<ProtocolOptions, 'statusLists'> {
  return {
    ...rooms,
    // What another issuer alone serves could come by more here than was meant for it.
    clients: servedClients(rooms.clients, ({ policy }) => policy.servedBy === undefined),
    resourceServers: createResourceServers(rooms.settings.apis),
    settings: withSensitiveAttributes(rooms.settings),
    signingKeys,
    metrics,
    pages: createProtocolPages(renderer),
    outboundFetch: rooms.outbound.fetch,
    cookieKeys: rooms.sealer
      .keysFor('cookies')
      .map((key) => Buffer.from(key).toString('base64url')),
  };
}

/** What the sign-in page leads to; pages for recovery are at `origin`, left out: where it is itself. */
export function waysOf(settings: Settings, origin = ''): Ways {
  const { recovery } = settings;
  return {
    joinUrl: ({ uid }) => (isOpen(settings) ? joinPath(uid) : ''),
    recoverUrl: () => (recovery.enabled && hasMail(settings) ? `${origin}${RECOVER_PATH}` : ''),
  };
}

/** The pages at which people sign in to `issuer`. */
export function createSignInPages(
  { rooms, renderer, metrics }: IssuerParts,
  own: Pick<InteractionRoutesOptions, 'admits' | 'interactions' | 'issuer' | 'reception' | 'ways'>,
): Router {
  const { settings, sealer, groups, revocation } = rooms;
  return createInteractionRoutes({
    ...rooms,
    ...interactionSettings(settings),
    ...own,
    metrics,
    renderer,
    groupsOf: async (accountId) => (await groups.rightsOf(accountId, {})).groups,
    formSecrets: sealer.keysFor('forms'),
    takenBack: {
      mark: () => revocation.stamp(),
      since: (mark, accountId) => revocation.isRevoked({ jti: '', clientId: '', accountId, mark }),
    },
  });
}

/** The numbered log of revocations as APIs of `issuer` follow it, signed by the keys of all. */
export function openFeed(
  { rooms, signingKeys }: Pick<IssuerParts, 'rooms' | 'signingKeys'>,
  issuer: string,
): Feed {
  const { settings, revocation, clients } = rooms;
  return createFeed({
    ...rooms,
    source: revocation.feed,
    sign: createFeedSigner(() => signingKeys.current().keys),
    issuer,
    settings: settings.revocation.feed,
    authorize: createFeedAuthorization(clients),
  });
}

/**
 * Opens issuers beside the installation's own, over the same people, keys and revocation: nobody registers a client
 * there, and their tokens are in no status list.
 */
export function createIssuers(
  parts: IssuerParts,
  {
    closers,
    streams,
  }: {
    readonly closers: (() => Promise<void>)[];
    readonly streams: (() => void)[];
  },
): (issuer: FurtherIssuer) => Promise<OpenedIssuer> {
  return async (further) => {
    const { profile, dialect, adviser, clients, resourceServers } = further;
    const { grants, organizations, admits } = further;
    const protocol = await createProtocol({
      ...protocolOptions(parts),
      settings: settingsOf(parts.rooms.settings, further),
      profile,
      dialect,
      adviser,
      clients,
      resourceServers,
      furtherGrants: grants,
      organizations,
      admits,
    });
    closers.push(() => protocol.close());
    const { issuer } = profile;
    const { interactions } = protocol;
    const { settings } = parts.rooms;
    const pages = createSignInPages(parts, {
      issuer,
      interactions,
      admits,
      ways: further.ways === 'ours' ? ourWays(settings, further) : (further.ways ?? NO_WAYS),
      reception: further.reception,
    });
    const feed = openFeed(parts, issuer);
    streams.push(feed.close);
    const joining = isJoined(further, settings)
      ? [joinPages(parts, { issuer, interactions, isOpenFor: further.isOpenFor })]
      : [];
    return { protocol, routers: [pages, ...joining, feed.router] };
  };
}

/** Those of the installation, as far as the issuer lets people join. */
function ourWays(settings: Settings, { isOpenFor }: Pick<FurtherIssuer, 'isOpenFor'>): Ways {
  const ways = waysOf(settings, settings.issuer);
  if (isOpenFor === undefined) return ways;
  return {
    ...ways,
    joinUrl: async (interaction) =>
      (await isOpenFor(interaction.client.id)) ? await ways.joinUrl(interaction) : '',
  };
}

/** Passkeys would be made for the origin of the installation: who joins elsewhere is offered none. */
function joinPages(
  { rooms, renderer }: IssuerParts,
  {
    issuer,
    interactions,
    isOpenFor,
  }: Pick<InteractionRoutesOptions, 'interactions' | 'issuer'> & Pick<FurtherIssuer, 'isOpenFor'>,
): Router {
  const { settings } = rooms;
  const { accounts, authentication, joining } = settings;
  const house = {
    ...rooms,
    renderer,
    interactions,
    isOpenFor,
    attributes: accounts.attributes,
    authentication: { ...authentication, passkeys: false },
    accountUrl: accountUrlOf(settings),
  };
  return createJoinPages(joining, house, issuer);
}

function isJoined({ ways }: FurtherIssuer, settings: Settings): boolean {
  return ways === 'ours' && isOpen(settings);
}

/** Anybody may make an account, and letters reach them. */
function isOpen(settings: Settings): boolean {
  return settings.joining.mode === 'open' && hasMail(settings);
}

function settingsOf(settings: Settings, further: FurtherIssuer): ProtocolOptions['settings'] {
  const { features, refreshRetryWindow } = further;
  const { tokens, registration, joining } = settings;
  return {
    ...withSensitiveAttributes(settings),
    protocol: protocolConfig.parse(features),
    tokens: { ...tokens, refreshRetryWindow },
    registration: { ...registration, mode: 'off', initialAccessToken: undefined },
    joining: isJoined(further, settings) ? joining : { ...joining, mode: 'off' },
  };
}

function interactionSettings(
  settings: Settings,
): Pick<
  InteractionRoutesOptions,
  'settings' | 'ttlSeconds' | 'rememberDays' | 'requireVerifiedEmail' | 'terms'
> {
  const { authentication, sessions, factors } = settings;
  const { enabled, for: seconds } = factors.rememberDevices;
  return {
    ...dutiesOf(settings),
    settings: authentication,
    ttlSeconds: sessions.interaction,
    rememberDays: enabled ? Math.max(1, Math.floor(seconds / DAY_SECONDS)) : 0,
  };
}
