import type { Logger } from '../runtime/logger.ts';

/** How one part of the house fares, in its own words. */
export interface Health {
  readonly ok: boolean;
  /** What an operator should know or do; empty when all is well. */
  readonly remarks: readonly string[];
}

/** Asked on every look at `/readyz`; one that does not answer in a second counts as failed. */
export type HealthCheck = () => Health | Promise<Health>;

/** What `/readyz` tells. */
export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, Health>>;
}

/** Whether this node should be sent requests. */
export interface ReadinessProbe {
  /** Looks that come while one is under way share its answer. */
  look(): Promise<Readiness>;
  /** From now on, and for good: not ready. */
  leave(): void;
}

const CHECK_MAX_MS = 1000;
const LEAVING: Health = { ok: false, remarks: ['this node is stopping'] };

/** Ready while every check is. Each change is logged. */
export function createReadinessProbe(
  checks: Readonly<Record<string, HealthCheck>>,
  logger: Logger,
): ReadinessProbe {
  let isLeaving = false;
  let wasReady: boolean | undefined;
  let looking: Promise<Readiness> | undefined;

  async function lookNow(): Promise<Readiness> {
    const found = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await ask(check)] as const),
    );
    const all = Object.fromEntries(found);
    const ready = found.every(([, { ok }]) => ok);
    if (ready !== wasReady) tell(ready, all);
    wasReady = ready;
    return { ready, checks: all };
  }

  function tell(ready: boolean, all: Readiness['checks']): void {
    const failing = Object.keys(all).filter((name) => all[name]?.ok === false);
    if (ready) logger.info({ event: 'node.ready' }, 'this node is ready');
    else logger.warn({ event: 'node.not_ready', failing }, 'this node is not ready');
  }

  return {
    async look() {
      if (isLeaving) return { ready: false, checks: { node: LEAVING } };
      looking ??= lookNow().finally(() => {
        looking = undefined;
      });
      return looking;
    },
    leave() {
      isLeaving = true;
    },
  };
}

async function ask(check: HealthCheck): Promise<Health> {
  const late = Promise.withResolvers<Health>();
  const timer = setTimeout(
    () => late.resolve({ ok: false, remarks: [`gave no answer in ${CHECK_MAX_MS} ms`] }),
    CHECK_MAX_MS,
  );
  try {
    return await Promise.race([check(), late.promise]);
  } catch (error) {
    return { ok: false, remarks: [error instanceof Error ? error.message : 'failed'] };
  } finally {
    clearTimeout(timer);
  }
}
