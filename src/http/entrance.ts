import type { Server } from 'node:http';
import { openCertificate, type Certificate } from './certificate.ts';
import { openDevCertificate } from './dev-authority.ts';
import { createDoorway, type Doorway } from './doorway.ts';
import { drain } from './drain.ts';
import { createFrontDoor, type FrontDoor, type FrontDoorOptions } from './front-door.ts';
import { createListener, createTlsListener, listenOn } from './listener.ts';
import { NO_PROTOCOL, type Site } from './site.ts';

/** What an entrance needs of the house. */
export interface EntranceOptions extends FrontDoorOptions {
  /** Where the dev authority is kept: `tls.from: dev-ca`. */
  readonly keysFolder: string;
  /** The setting that says where it listens. */
  readonly listenSetting: string;
  /** Paths of the orders by which one host follows another on the same sockets; undefined: none ever does. */
  readonly successionPaths?: ReadonlySet<string> | undefined;
}

/** Where an entrance can be reached. */
interface Reached {
  readonly port: number;
  readonly mtlsPort: number | undefined;
  readonly authorityFile: string | undefined;
}

/** What an entrance has open. */
export interface Sockets {
  readonly servers: readonly Server[];
  readonly certificate: Certificate | undefined;
  readonly reached: Reached;
  readonly doorways: Doorways;
}

/** To where clients are asked for certificates, and to where they are not. */
interface Doorways {
  readonly plain: Doorway;
  readonly asked: Doorway;
}

/** One origin, on one port, and on another one for clients with certificates. */
export interface Entrance {
  readonly door: FrontDoor;
  /** On sockets of its own, or on those of the one that it follows. @throws {CannotListen} {BadCertificate} */
  listen(held?: Sockets): Promise<Reached>;
  isOpen(): boolean;
  /** Gives its sockets away, at which requests wait from now on; resolves when those under way have ended. */
  hold(): Promise<Sockets>;
  /** False: requests had to be cut off. */
  close(): Promise<boolean>;
}

/** A request that takes longer is cut off when another host follows. */
const HOLD_LIMIT_MS = 2000;

/** Nothing is open before `listen`. */
export function createEntrance(common: EntranceOptions, site?: Site): Entrance {
  const options = site === undefined ? common : { ...common, ...ofSite(common, site) };
  const { settings } = options;
  const door = createFrontDoor(options);
  let sockets: Sockets | undefined;

  return {
    door,
    async listen(held) {
      sockets = held ?? (await openSockets(options));
      sockets.doorways.plain.leadTo(door.handle);
      sockets.doorways.asked.leadTo(door.handleAsked);
      return sockets.reached;
    },
    isOpen: () => sockets?.servers.some(({ listening }) => listening) ?? false,
    async hold() {
      if (sockets === undefined) throw new TypeError('an entrance that is not open');
      const held = sockets;
      sockets = undefined;
      const { plain, asked } = held.doorways;
      await Promise.all([plain.hold(HOLD_LIMIT_MS), asked.hold(HOLD_LIMIT_MS)]);
      return held;
    },
    async close() {
      const { servers = [], certificate } = sockets ?? {};
      const drained = servers.map((server) => drain(server, settings.drainLimit));
      const isClean = (await Promise.all(drained)).every(Boolean);
      certificate?.close();
      return isClean;
    },
  };
}

async function openSockets(options: EntranceOptions): Promise<Sockets> {
  const { settings, certificateWays, successionPaths, listenSetting } = options;
  const doorways = { plain: createDoorway(successionPaths), asked: createDoorway(successionPaths) };
  const tls = await openTls(options);
  const certificate = tls?.certificate;
  const [server, asking] = createServers(options, doorways, certificate);
  const servers = asking ? [server, asking] : [server];
  try {
    const port = await listenOn(server, { ...settings.listen, setting: listenSetting });
    const at = certificateWays?.listener;
    const mtlsPort =
      asking && at && (await listenOn(asking, { ...at, setting: 'protocol.mtls.listener' }));
    const reached = { port, mtlsPort, authorityFile: tls?.authorityFile };
    return { servers, certificate, doorways, reached };
  } catch (error) {
    for (const one of servers) one.close();
    certificate?.close();
    throw error;
  }
}

function createServers(
  { settings: { limits }, metrics, certificateWays }: EntranceOptions,
  { plain, asked }: Doorways,
  certificate: Certificate | undefined,
): readonly [Server, Server?] {
  const onRefused = (): void => metrics.refused('parser');
  if (certificate === undefined) return [createListener(limits, plain.handle, onRefused)];
  const server = createTlsListener(limits, plain.handle, onRefused, { certificate });
  if (certificateWays?.listener === undefined) return [server];
  const tls = { certificate, asksClients: true };
  return [server, createTlsListener(limits, asked.handle, onRefused, tls)];
}

function ofSite(
  { settings }: EntranceOptions,
  { name, setting, issuer, listen, hosts, arePopups, largerBodies, routers, ...site }: Site,
): Pick<
  EntranceOptions,
  | 'certificateWays'
  | 'issuer'
  | 'largerBodies'
  | 'listenSetting'
  | 'protocol'
  | 'routers'
  | 'settings'
  | 'site'
> {
  const { tls = settings.tls, protocol = NO_PROTOCOL } = site;
  const popups = arePopups ?? settings.popups;
  const own = { ...settings, listen, tls, popups, hosts: [...hosts] };
  return {
    listenSetting: setting,
    site: name,
    issuer,
    largerBodies,
    routers,
    protocol,
    settings: own,
    certificateWays: undefined,
  };
}

async function openTls({
  settings: { tls },
  issuer,
  keysFolder,
  clock,
  logger,
}: EntranceOptions): Promise<
  { readonly certificate: Certificate; readonly authorityFile: string | undefined } | undefined
> {
  if (tls.from === 'off') return undefined;
  if (tls.from === 'files')
    return { certificate: await openCertificate(tls, logger), authorityFile: undefined };
  const hostname = new URL(issuer).hostname.replace(/^\[|\]$/g, '');
  const { authorityFile, ...pair } = await openDevCertificate(keysFolder, hostname, clock);
  const certificate = { current: () => pair, onChange: () => undefined, close: () => undefined };
  return { certificate, authorityFile };
}
