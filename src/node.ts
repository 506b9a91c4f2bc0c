import type { Router } from '@koa/router';
import { startExpiry } from './accounts/expiry.ts';
import { seedPeople } from './accounts/seed-people.ts';
import { addCapabilities } from './capabilities.ts';
import { type ComposeOptions, nameOf, NAMESPACE, openRooms, type Rooms } from './compose.ts';
import { installationOf } from './config/installation.ts';
import { CHECKPOINT_PATHS } from './dev/checkpoints-door.ts';
import type { Checkpoints } from './dev/checkpoints.ts';
import { type Checks, checksOf, watch } from './node-health.ts';
import { seedGroups } from './groups/seed-groups.ts';
import { joinConnectedClients } from './connected-clients.ts';
import { openCertificateWays } from './http/certificate-ways.ts';
import { createHost, type Host } from './http/host.ts';
import type { Metrics } from './http/metrics.ts';
import type { PlannedFaults } from './http/planned-faults.ts';
import type { Renderer } from './http/renderer.ts';
import type { Views } from './http/views.ts';
import { createDeviceQr } from './interactions/device-qr.ts';
import { createIssuers, createSignInPages, openFeed, protocolOptions, waysOf } from './issuers.ts';
import type { Life } from './lives.ts';
import { openPosts } from './posts.ts';
import type { Protocol } from './provider/contract.ts';
import { createProtocol } from './provider/create-protocol.ts';
import { startAnnouncing } from './revocation/announcing.ts';
import { createFeedSigner } from './revocation/feed-signing.ts';
import type { Feed } from './revocation/feed.ts';
import type { MovableClock } from './runtime/clock.ts';
import { longestAccessToken, type Settings } from './settings.ts';
import { openRequestHooks, tellOfRequests } from './sign-in-requests.ts';
import { requestKeyAlgorithms } from './provider/features/encrypted-requests.ts';
import { openSigningKeys } from './signing-keys/open-signing-keys.ts';
import type { SigningKeys } from './signing-keys/signing-keys.ts';
import { createStatusLists, type StatusListsRoom } from './status-lists/create-status-lists.ts';

/** What ends with a life: first the streams, then what was opened, the last first. */
interface Endings {
  readonly closers: (() => Promise<void>)[];
  readonly streams: (() => void)[];
}

/** What a node is given, with what only the dev profile has. */
export interface NodeOptions extends ComposeOptions {
  readonly movableClock?: MovableClock | undefined;
  readonly plannedFaults?: PlannedFaults | undefined;
  readonly checkpoints?: Checkpoints | undefined;
  readonly metrics: Metrics;
  /** These do not change with what is stored. */
  readonly views: Views;
}

/** Opens every room and the host before them, which does not listen yet; what was opened is closed when one fails. */
export async function openLife(settings: Settings, options: NodeOptions): Promise<Life> {
  const closers: Endings['closers'] = [];
  const streams: Endings['streams'] = [];
  // Before the host waits for its requests to end: the streams of the feeds would not.
  const endStreams = (): void => {
    for (const end of streams.splice(0)) end();
  };
  const close = async (): Promise<void> => {
    endStreams();
    for (const closeOne of closers.splice(0).toReversed()) await closeOne();
  };
  try {
    const rooms = await openRooms(settings, options);
    closers.push(rooms.close);
    const host = await openHost(rooms, options, { closers, streams });
    return {
      host,
      revocations: () => rooms.revocation.metrics().number,
      async hold() {
        const held = host.hold();
        endStreams();
        return await held;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openHost(rooms: Rooms, options: NodeOptions, endings: Endings): Promise<Host> {
  const { settings, profile } = rooms;
  const { closers, streams } = endings;
  const { metrics, views } = options;
  const { renderer } = views;
  const [opened] = await together(
    openProtocol({ rooms, options, closers, renderer, metrics }),
    // Passwords are hashed by threads, while keys are made by others.
    openPeople(rooms, closers),
  );
  const { protocol, signingKeys, checks, feed } = opened;

  const issuers = { rooms, signingKeys, renderer, metrics };
  const interactions = createSignInPages(issuers, {
    issuer: profile.issuer,
    interactions: protocol.interactions,
    ways: waysOf(settings),
  });
  const posts = await openPosts({ ...issuers, views, closers });
  const { movableClock, plannedFaults, checkpoints } = options;
  const openIssuer = createIssuers(issuers, endings);
  const connectedClients = joinConnectedClients(protocol.connectedClients);
  const added = await addCapabilities(
    {
      ...rooms,
      ...views,
      ...protocol,
      connectedClients,
      signingKeys,
      openIssuer,
      inbox: posts.inbox,
      movableClock,
      plannedFaults,
      checkpoints,
    },
    settings,
  );
  closers.push(async () => added.close());
  for (const further of added.connectedClients) connectedClients.include(further);
  const host = createHost({
    ...rooms,
    ...views,
    settings: settings.http,
    issuer: profile.issuer,
    keysFolder: settings.signingKeys.folder,
    protocol,
    metrics,
    certificateWays: await openCertificateWays(settings.protocol.mtls, { ...rooms, protocol }),
    checks: { ...checks, ...posts.checks },
    routers: [interactions, ...routersOf(opened, settings), ...added.routers],
    sites: added.sites,
    plannedFaults,
    successionPaths: checkpoints && CHECKPOINT_PATHS,
  });
  closers.push(() => host.close());
  streams.push(feed.close);
  return host;
}

/** Both at once; when one fails, the other is waited for all the same, so that nothing goes on unseen. */
async function together<One, Other>(
  one: Promise<One>,
  other: Promise<Other>,
): Promise<readonly [One, Other]> {
  await Promise.allSettled([one, other]);
  return await Promise.all([one, other]);
}

/** What the host answers beside pages and the engine. */
function routersOf({ feed, statusLists }: Opened, { issuer, protocol }: Settings): Router[] {
  return [
    feed.router,
    ...(protocol.deviceFlow.enabled ? [createDeviceQr(issuer)] : []),
    ...(statusLists === undefined ? [] : [statusLists.router]),
  ];
}

/** The people and groups that are declared, and the end of those that expire. */
async function openPeople(rooms: Rooms, closers: Endings['closers']): Promise<void> {
  const { settings } = rooms;
  await seedPeople(settings.people, {
    ...rooms,
    settings: settings.signIn,
    attributes: settings.accounts.attributes,
    profile: settings.profile,
  });
  const expiry = startExpiry(rooms);
  closers.push(() => expiry.close());
  await seedGroups({ ...rooms, declared: settings });
}

/** What speaks in the name of the issuer. */
interface Opened {
  readonly protocol: Protocol;
  readonly signingKeys: SigningKeys;
  readonly checks: Checks;
  readonly feed: Feed;
  readonly statusLists: StatusListsRoom | undefined;
}

/** The signing keys and the engine over them, with what tells how they fare. */
async function openProtocol(parts: {
  readonly rooms: Rooms;
  readonly options: NodeOptions;
  readonly closers: Endings['closers'];
  readonly renderer: Renderer;
  readonly metrics: Metrics;
}): Promise<Opened> {
  const { rooms, options, closers, renderer, metrics } = parts;
  const { settings } = rooms;
  const signingKeys = await openSigningKeys({
    ...rooms,
    settings: settings.signingKeys,
    encryptionAlgorithms: requestKeyAlgorithms(settings.protocol.requestObjects),
    namespace: NAMESPACE,
    // A clock that was put forward by hand has not jumped.
    elapsedMs: options.movableClock?.elapsedMs,
    signal: options.signal,
  });
  closers.push(() => signingKeys.close());
  const statusLists = await openStatusLists(rooms, signingKeys, closers);
  const hooks = await openRequestHooks({ rooms, signingKeys, metrics, closers });
  const protocol = await createProtocol({
    ...protocolOptions({ rooms, signingKeys, renderer, metrics }),
    onBackchannelRequest: tellOfRequests(rooms, hooks),
    statusLists,
    isDev: installationOf(settings).isDev,
  });
  closers.push(() => protocol.close());
  const checks = {
    ...checksOf(rooms, signingKeys, statusLists),
    ...(hooks && { hooks: hooks.health }),
  };
  watch(metrics, { ...rooms, signingKeys, statusLists, checks });
  const feed = openFeed({ rooms, signingKeys }, settings.issuer);
  const announcing = startAnnouncing({
    ...rooms,
    namespace: NAMESPACE,
    source: rooms.revocation.feed,
    node: nameOf(settings),
    // What it cannot tell yet counts as nothing.
    lists: () => statusLists && (statusLists.shown()?.number ?? 0),
    followers: feed.positions.list,
    onFollowerMoved: feed.positions.onMoved,
  });
  closers.push(() => announcing.close());
  return { protocol, signingKeys, checks, feed, statusLists };
}

/** The lists for APIs that do not follow the feed, signed as it is. */
async function openStatusLists(
  rooms: Rooms,
  signingKeys: SigningKeys,
  closers: Endings['closers'],
): Promise<StatusListsRoom | undefined> {
  const { settings, profile } = rooms;
  if (!settings.statusLists.enabled) return undefined;
  const statusLists = await createStatusLists({
    ...rooms,
    sign: createFeedSigner(() => signingKeys.current().keys),
    issuer: profile.issuer,
    namespace: NAMESPACE,
    settings: settings.statusLists,
    longestToken: longestAccessToken(settings),
    tolerance: settings.revocation.tolerance,
  });
  closers.push(() => statusLists.close());
  return statusLists;
}
