import type { Logger } from '../../runtime/logger.ts';
import type { Link } from './link.ts';
import type { Masters } from './masters.ts';
import type { SlotMap } from './slot-map.ts';

const TICK_MS = 250;
/** How often the map is read while nothing speaks against it. */
const TICKS_QUIET = 20;

/** What is known of a Cluster, and the connections to it. */
export interface Cluster {
  readonly map: SlotMap;
  readonly masters: Masters;
  /** To any node: tells where the others are. */
  readonly guide: Link;
  /** Takes over what a node tells of the slots. */
  readonly learn: (link: Pick<Link, 'client'>) => Promise<void>;
}

/** Keeps the map of the slots true. */
export interface MapKeeper {
  /** A node said that it is wrong. */
  readSoon(): void;
  /** Resolves once nothing is read any more. */
  stop(): Promise<void>;
}

/** Reads the map now and then, soon when a node said that it is wrong, and often while a master is missing. */
export function keepMap(cluster: Cluster, logger: Logger): MapKeeper {
  const { map, masters, guide, learn } = cluster;
  let isWrong = false;
  let reading: Promise<void> | undefined;
  let ticks = 0;

  const isReady = (node: string): boolean => masters.at(node).lanes.main.link.isReady();

  /** Another one each time: one that is cut off from the others knows nothing new. */
  function source(): Link | undefined {
    const links = [guide, ...masters.all().map((master) => master.lanes.main.link)];
    const ready = links.filter((link) => link.isReady());
    return ready[ticks % ready.length];
  }

  async function read(): Promise<void> {
    const link = source();
    if (!link) return;
    isWrong = false;
    const missing = [...map.nodes()].filter((node) => !isReady(node));
    try {
      await learn(link);
      const gone = missing.filter((node) => !map.nodes().has(node));
      for (const node of gone) {
        logger.warn(
          { event: 'redis.replaced', before: node },
          'another Redis took over the slots of one that is gone: what that acknowledged last may be lost',
        );
      }
    } catch {
      // The link tells what is wrong with it; the next tick asks another node.
    }
  }

  const timer = setInterval(() => {
    ticks += 1;
    const isMissing = ![...map.nodes()].every(isReady) || !map.isComplete();
    if (!isWrong && !isMissing && ticks % TICKS_QUIET !== 0) return;
    reading ??= read().finally(() => {
      reading = undefined;
    });
  }, TICK_MS).unref();
  return {
    readSoon() {
      isWrong = true;
    },
    async stop() {
      clearInterval(timer);
      await reading;
    },
  };
}
