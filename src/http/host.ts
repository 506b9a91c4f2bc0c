import type { Server } from 'node:http';
import type { Clock } from '../runtime/clock.ts';
import { openCertificate, type Certificate } from './certificate.ts';
import { openDevCertificate } from './dev-authority.ts';
import { drain } from './drain.ts';
import { createFrontDoor, type FrontDoor, type FrontDoorOptions } from './front-door.ts';
import { createLedger } from './ledger.ts';
import { createListener, createTlsListener, listenOn } from './listener.ts';
import { createLoopWatch, type LoopWatch } from './loop-watch.ts';
import { createMetricsListener } from './metrics-listener.ts';
import { createReadinessProbe, type HealthCheck } from './readiness.ts';
import { NO_PROTOCOL, type Site } from './site.ts';

/** What the host needs of the house. */
export interface HostOptions extends Omit<FrontDoorOptions, 'ledger' | 'readiness'> {
  /** What must be well for this node to be sent requests, by name. */
  readonly checks: Readonly<Record<string, HealthCheck>>;
  /** Where the dev authority is kept: `tls.from: dev-ca`. */
  readonly keysFolder: string;
  /** Origins beside the issuer's. */
  readonly sites?: readonly Site[];
}

/** Where a host can be reached. */
export interface Listening {
  readonly port: number;
  /** Of the listener that asks for certificates; undefined: there is none. */
  readonly mtlsPort: number | undefined;
  /** Of the metrics; undefined: they are off. */
  readonly metricsPort: number | undefined;
  /** The PEM file of the authority that browsers must trust, with `tls.from: dev-ca`. */
  readonly authorityFile: string | undefined;
}

/** The node as the network sees it. */
export interface Host {
  /** @throws {CannotListen} {BadCertificate} */
  listen(): Promise<Listening>;
  /**
   * Leaves without failing a request: says so at `/readyz`, goes on answering for `drainDelay` with
   * `Connection: close`, then closes; requests that take longer than `drainLimit` are cut off.
   */
  close(): Promise<void>;
}

/** The issuer on its port, and each site on its own. Nothing is open before `listen`. */
export function createHost(options: HostOptions): Host {
  const { settings, metrics, logger, clock } = options;
  const loop = createLoopWatch();
  const readiness = createReadinessProbe({ ...options.checks, eventLoop: loopCheck(loop) }, logger);
  const common = { ...options, readiness, ledger: createLedger(options) };
  const first = createEntrance(common);
  const entrances = [first, ...(options.sites ?? []).map((site) => createEntrance(common, site))];
  const internal = settings.metrics.enabled ? createMetricsListener(metrics, readiness) : undefined;
  metrics.watch({ loopDelaySeconds: loop.delaySeconds });

  async function closeEntrances(): Promise<void> {
    if (entrances.some(({ isOpen }) => isOpen())) {
      logger.info({ event: 'node.leaving' }, 'stopping: no new requests are wanted');
      await wait(clock, settings.drainDelay);
    }
    const clean = await Promise.all(entrances.map(({ close }) => close()));
    if (clean.includes(false))
      logger.warn({ event: 'node.cut_off' }, 'cut off requests that took too long');
  }

  return {
    async listen() {
      const { port, mtlsPort, ...opened } = await first.listen();
      let { authorityFile } = opened;
      for (const entrance of entrances.slice(1)) {
        const { authorityFile: another } = await entrance.listen();
        authorityFile ??= another;
      }
      const at = { ...settings.metrics, setting: 'http.metrics' };
      return {
        port,
        mtlsPort,
        metricsPort: internal && (await listenOn(internal, at)),
        authorityFile,
      };
    },
    async close() {
      readiness.leave();
      for (const { door } of entrances) door.leave();
      await closeEntrances();
      if (internal) await drain(internal, 1);
      options.certificateWays?.authorities.close();
      loop.close();
    },
  };
}

/** One origin, on one port, and on another one for clients with certificates. */
interface Entrance {
  readonly door: FrontDoor;
  /** @throws {CannotListen} {BadCertificate} */
  listen(): Promise<Pick<Listening, 'authorityFile' | 'mtlsPort' | 'port'>>;
  isOpen(): boolean;
  /** False: requests had to be cut off. */
  close(): Promise<boolean>;
}

interface EntranceOptions extends FrontDoorOptions, Pick<HostOptions, 'keysFolder'> {
  /** The setting that says where it listens; left out: `http.listen`. */
  readonly listenSetting?: string;
}

function createEntrance(common: EntranceOptions, site?: Site): Entrance {
  const options = site === undefined ? common : { ...common, ...ofSite(common, site) };
  const { settings, metrics, listenSetting = 'http.listen' } = options;
  const door = createFrontDoor(options);
  const servers: Server[] = [];
  let certificate: Certificate | undefined;
  const onRefused = (): void => metrics.refused('parser');

  async function listenForCertificates(): Promise<number | undefined> {
    const at = options.certificateWays?.listener;
    if (at === undefined || certificate === undefined) return undefined;
    const tls = { certificate, asksClients: true };
    const server = createTlsListener(settings.limits, door.handleAsked, onRefused, tls);
    servers.push(server);
    return await listenOn(server, { ...at, setting: 'protocol.mtls.listener' });
  }

  return {
    door,
    async listen() {
      const tls = await openTls(options);
      certificate = tls?.certificate;
      const server = certificate
        ? createTlsListener(settings.limits, door.handle, onRefused, { certificate })
        : createListener(settings.limits, door.handle, onRefused);
      servers.push(server);
      return {
        port: await listenOn(server, { ...settings.listen, setting: listenSetting }),
        mtlsPort: await listenForCertificates(),
        authorityFile: tls?.authorityFile,
      };
    },
    isOpen: () => servers.some(({ listening }) => listening),
    async close() {
      const drained = servers.map((server) => drain(server, settings.drainLimit));
      const isClean = (await Promise.all(drained)).every(Boolean);
      certificate?.close();
      return isClean;
    },
  };
}

function ofSite(
  { settings }: EntranceOptions,
  { setting, issuer, listen, hosts, arePopups, routers, ...site }: Site,
): Pick<
  EntranceOptions,
  'certificateWays' | 'issuer' | 'listenSetting' | 'protocol' | 'routers' | 'settings'
> {
  const { tls = settings.tls, protocol = NO_PROTOCOL } = site;
  const popups = arePopups ?? settings.popups;
  const own = { ...settings, listen, tls, popups, hosts: [...hosts] };
  return {
    listenSetting: setting,
    issuer,
    routers,
    protocol,
    settings: own,
    certificateWays: undefined,
  };
}

function loopCheck(loop: LoopWatch): HealthCheck {
  return () =>
    loop.isBlocked()
      ? { ok: false, remarks: [`the event loop is ${loop.delaySeconds().toFixed(2)} s late`] }
      : { ok: true, remarks: [] };
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

function wait(clock: Clock, seconds: number): Promise<void> {
  return clock.sleep(seconds, new AbortController().signal);
}
