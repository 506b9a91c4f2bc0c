import type { Clock } from '../runtime/clock.ts';
import { drain } from './drain.ts';
import { createEntrance, type Entrance, type EntranceOptions, type Sockets } from './entrance.ts';
import { createLedger } from './ledger.ts';
import { listenOn } from './listener.ts';
import { createLoopWatch, type LoopWatch } from './loop-watch.ts';
import { createMetricsListener, type MetricsListener } from './metrics-listener.ts';
import { createReadinessProbe, type HealthCheck } from './readiness.ts';
import type { Site } from './site.ts';

/** What the host needs of the house. */
export interface HostOptions extends Omit<
  EntranceOptions,
  'ledger' | 'listenSetting' | 'readiness'
> {
  /** What must be well for this node to be sent requests, by name. */
  readonly checks: Readonly<Record<string, HealthCheck>>;
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

/** The sockets of a host, which lead nowhere. */
export interface HeldSockets {
  readonly entrances: readonly Sockets[];
  readonly internal: MetricsListener | undefined;
  readonly listening: Listening;
}

/** The node as the network sees it. */
export interface Host {
  /** On sockets of its own, or on those of the host that it follows. @throws {CannotListen} {BadCertificate} */
  listen(held?: HeldSockets): Promise<Listening>;
  /**
   * Gives its sockets to the host that follows in this process: requests wait there from now on. Resolves when those
   * under way have ended; what takes longer than two seconds is cut off.
   */
  hold(): Promise<HeldSockets>;
  /**
   * Leaves without failing a request: says so at `/readyz`, goes on answering for `drainDelay` with
   * `Connection: close`, then closes; requests that take longer than `drainLimit` are cut off.
   */
  close(): Promise<void>;
}

/** The issuer on its port, and each site on its own. Nothing is open before `listen`. */
export function createHost(options: HostOptions): Host {
  const { settings, metrics, logger } = options;
  const loop = createLoopWatch();
  const readiness = createReadinessProbe({ ...options.checks, eventLoop: loopCheck(loop) }, logger);
  const ledger = createLedger(options);
  const common = { ...options, readiness, ledger, listenSetting: 'http.listen' };
  const entrances = [undefined, ...(options.sites ?? [])].map((site) =>
    createEntrance(common, site),
  );
  let internal: MetricsListener | undefined;
  let listening: Listening | undefined;
  metrics.watch({ loopDelaySeconds: loop.delaySeconds });

  async function open(): Promise<Listening> {
    const reached = [];
    for (const entrance of entrances) reached.push(await entrance.listen());
    const [first] = reached;
    if (first === undefined) throw new TypeError('a host without an entrance');
    const { authorityFile } = reached.find((one) => one.authorityFile !== undefined) ?? first;
    if (!settings.metrics.enabled) return { ...first, authorityFile, metricsPort: undefined };
    internal = createMetricsListener(metrics, readiness);
    const at = { ...settings.metrics, setting: 'http.metrics' };
    return { ...first, authorityFile, metricsPort: await listenOn(internal.server, at) };
  }

  async function follow(held: HeldSockets): Promise<Listening> {
    internal = held.internal;
    internal?.show(readiness);
    for (const [index, entrance] of entrances.entries())
      await entrance.listen(held.entrances[index]);
    return held.listening;
  }

  return {
    async listen(held) {
      listening = await (held ? follow(held) : open());
      return listening;
    },
    async hold() {
      if (listening === undefined) throw new TypeError('a host that does not listen');
      const held = await Promise.all(entrances.map(({ hold }) => hold()));
      const given = { entrances: held, internal, listening };
      internal = undefined;
      return given;
    },
    async close() {
      readiness.leave();
      await closeEntrances(entrances, options);
      if (internal) await drain(internal.server, 1);
      options.certificateWays?.authorities.close();
      loop.close();
    },
  };
}

/** Says first that it leaves, to whoever still asks. */
async function closeEntrances(
  entrances: readonly Entrance[],
  { settings, logger, clock }: HostOptions,
): Promise<void> {
  for (const { door } of entrances) door.leave();
  if (entrances.some(({ isOpen }) => isOpen())) {
    logger.info({ event: 'node.leaving' }, 'stopping: no new requests are wanted');
    await wait(clock, settings.drainDelay);
  }
  const clean = await Promise.all(entrances.map(({ close }) => close()));
  if (clean.includes(false))
    logger.warn({ event: 'node.cut_off' }, 'cut off requests that took too long');
}

function loopCheck(loop: LoopWatch): HealthCheck {
  return () =>
    loop.isBlocked()
      ? { ok: false, remarks: [`the event loop is ${loop.delaySeconds().toFixed(2)} s late`] }
      : { ok: true, remarks: [] };
}

function wait(clock: Clock, seconds: number): Promise<void> {
  return clock.sleep(seconds, new AbortController().signal);
}
