import { setTimeout as delay } from 'node:timers/promises';

/** How often the nodes are asked whether they are ready. */
export const PROBE_EVERY_MS = 50;

/** What stands before several nodes. */
export interface Balancer {
  /** Where the next request goes. */
  node(): number;
  close(): Promise<void>;
}

/** Sends to the nodes in turn that say they are ready, as any proxy in front of them does. */
export function startBalancer(ports: readonly number[]): Balancer {
  const stop = new AbortController();
  let ready: readonly number[] = [...ports.keys()];
  let turn = 0;
  const watch = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const found = await Promise.all(ports.map(isReady));
      ready = [...ports.keys()].filter((index) => found[index] === true);
      await delay(PROBE_EVERY_MS);
    }
  };
  const watching = watch();
  return {
    node: () => {
      turn += 1;
      return ready[turn % ready.length] ?? 0;
    },
    async close() {
      stop.abort();
      await watching;
    },
  };
}

async function isReady(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
  await answer?.text();
  return answer?.status === 200;
}
