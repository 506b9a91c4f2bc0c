import type { StateHealth } from '../state.ts';
import { advise } from './errors.ts';
import { openLink, type Link } from './link.ts';
import { missingAmong } from './missing-link.ts';
import { refuseUnfit } from './master.ts';
import { keepMap, type Cluster } from './map-keeper.ts';
import { createMasters } from './masters.ts';
import { asText } from './replies.ts';
import type { TopologyOptions } from './single.ts';
import { createSlotMap } from './slot-map.ts';
import { addressOf, readSlotRanges } from './slots.ts';
import type { Topology } from './topology.ts';
import { createClusterWays } from './cluster-ways.ts';

interface ClusterOptions extends TopologyOptions {
  /** `host:port` of some nodes, which know the others. */
  readonly nodes: readonly string[];
}

interface Met extends Cluster {
  /** Resolves at the first word of a node: undefined when it knows the others. */
  readonly firstWord: Promise<Error | undefined>;
  /** The next of the nodes that are known, in turn. */
  readonly elsewhere: () => { readonly host: string; readonly port: number };
}

/**
 * A Redis Cluster: each key leads to the master of its slot, over connections that are ours as with one
 * Redis, so that every verb keeps its promise. The map of the slots is read again whenever it may be wrong.
 *
 * @throws {RedisMayEvict} {RedisRefused} when a node is there and must not be used.
 */
export async function openCluster(options: ClusterOptions): Promise<Topology> {
  const cluster = meet(options);
  const { map, masters, guide } = cluster;
  const keeper = keepMap(cluster, options.logger);
  const close = async (): Promise<void> => {
    // In this order: whoever reads the map may open connections to masters.
    await keeper.stop();
    await guide.close();
    await masters.close();
  };
  const { connectTimeoutMs } = options.settings;
  try {
    await refuseUnfit([cluster.firstWord], connectTimeoutMs);
    await refuseUnfit(
      masters.all().map((master) => master.firstWord),
      connectTimeoutMs,
    );
  } catch (refusal) {
    await close();
    throw refusal;
  }
  return {
    isSpread: true,
    elsewhere: cluster.elsewhere,
    ...createClusterWays({ map, masters, guide, onMoved: keeper.readSoon }),
    health: () => healthOf(cluster),
    close,
  };
}

/** Connects to the first of the nodes that is there, and to the masters that it tells of. */
function meet(options: ClusterOptions): Met {
  const { settings, redis, logger, nodes } = options;
  const map = createSlotMap();
  const masters = createMasters({ ...options, map });
  const first = Promise.withResolvers<Error | undefined>();
  let turn = 0;

  function elsewhere(): { readonly host: string; readonly port: number } {
    const known = [...nodes, ...map.nodes()];
    const node = known[turn % known.length] ?? '';
    turn += 1;
    return addressOf(node);
  }

  async function learn({ client }: Pick<Link, 'client'>): Promise<void> {
    const [info, slots] = await Promise.all([
      client.call('CLUSTER', 'INFO'),
      client.call('CLUSTER', 'SLOTS'),
    ]);
    // One that was just started, or is cut off, knows an old map, and knows that it may.
    if (!asText(info).includes('cluster_state:ok')) throw new Error('the Cluster is not well');
    map.replace(readSlotRanges(slots, client.options.host ?? ''));
    const owners = map.nodes();
    for (const node of owners) masters.at(node);
    masters.retireAllBut(owners);
  }

  const guide = openLink({
    redis: { ...redis, ...elsewhere(), connectionName: 'latchkey-guide' },
    elsewhere,
    timeoutMs: settings.commandTimeoutMs,
    prepare: (client) => learn({ client }),
    onReady: () => first.resolve(undefined),
    onTrouble(trouble) {
      const reason = advise(trouble);
      logger.error({ event: 'redis.trouble', reason }, 'a node of the Cluster does not serve us');
      first.resolve(trouble);
    },
  });
  return { map, masters, guide, firstWord: first.promise, elsewhere, learn };
}

/** Well only when the master of every slot is. */
async function healthOf({ map, masters, guide }: Cluster): Promise<StateHealth> {
  const nodes = [...map.nodes()];
  if (nodes.length === 0) {
    const remark = guide.isReady() ? 'the Cluster has no slots yet' : advise(guide.trouble());
    return { ok: false, remarks: [remark] };
  }
  const found = await Promise.all(
    nodes.map(async (node) => {
      const { ok, remarks } = await masters.at(node).health();
      return { ok, remarks: remarks.map((remark) => `${node}: ${remark}`) };
    }),
  );
  const gaps = [
    map.isComplete() ? undefined : 'some slots of the Cluster have no master',
    await missingAmong([guide]),
  ].filter((gap) => gap !== undefined);
  return {
    ok: gaps.length === 0 && found.every(({ ok }) => ok),
    remarks: [...gaps, ...found.flatMap(({ remarks }) => remarks)],
  };
}
