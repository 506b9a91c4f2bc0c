import { setTimeout as delay } from 'node:timers/promises';
import { tlsArgs, type TestCertificate } from './certificate.ts';
import { freePort } from './ports.ts';
import { startRedis, type TestRedis } from './redis.ts';

const SLOTS = 16_384;
const MASTERS = 3;

/** A real Redis Cluster of three masters. */
export interface TestCluster {
  readonly masters: readonly TestRedis[];
  /** The replica of each master, in their order; empty when none was asked for. */
  readonly replicas: readonly TestRedis[];
  /** `host:port` of each master. */
  readonly nodes: readonly string[];
  /** The master that has the slot now. */
  ownerOf(slot: number): Promise<TestRedis>;
  /** The replica that `master` has now. */
  replicaOf(master: TestRedis): Promise<TestRedis>;
  /** Moves a slot, and the keys in it a few at a time, as `redis-cli --cluster reshard` does. */
  moveSlot(slot: number, from: TestRedis, to: TestRedis): Promise<void>;
  close(): Promise<void>;
}

interface TestClusterOptions {
  readonly hasReplicas?: boolean;
  /** Settings of all nodes, as on the command line. */
  readonly args?: readonly string[];
  /** Whose it is speaks TLS alone, to its like as well. */
  readonly tls?: TestCertificate;
}

/** Starts it, and waits until each node finds it well. */
export async function startCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  const { hasReplicas = false } = options;
  const count = hasReplicas ? 2 * MASTERS : MASTERS;
  const busPorts = await Promise.all(Array.from({ length: count }, freePort));
  const nodes = await Promise.all(busPorts.map((bus) => startNode(bus, options)));
  const masters = nodes.slice(0, MASTERS);
  const replicas = nodes.slice(MASTERS);
  const ids = await Promise.all(masters.map((node) => node.execute('CLUSTER', 'MYID')));
  for (const [n, master] of masters.entries()) {
    const from = Math.ceil((n * SLOTS) / MASTERS);
    const to = Math.ceil(((n + 1) * SLOTS) / MASTERS) - 1;
    await master.execute('CLUSTER', 'SET-CONFIG-EPOCH', String(n + 1));
    await master.execute('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to));
  }
  const [first] = nodes;
  for (const [n, node] of nodes.entries()) {
    const at = ['127.0.0.1', String(node.port), String(busPorts[n])];
    await first?.execute('CLUSTER', 'MEET', ...at);
  }
  await Promise.all(nodes.map((node) => until(node, 'CLUSTER INFO', 'cluster_state:ok')));
  await Promise.all(
    nodes.map((node) => until(node, 'CLUSTER INFO', `cluster_known_nodes:${count}`)),
  );
  await Promise.all(
    replicas.map(async (replica, n) => {
      await replica.execute('CLUSTER', 'REPLICATE', ids[n] ?? '');
      await until(replica, 'INFO replication', 'master_link_status:up');
    }),
  );
  return {
    masters,
    replicas,
    nodes: masters.map(({ port }) => `127.0.0.1:${port}`),
    ownerOf: (slot) => find(nodes, (node) => isOwner(node, slot)),
    async replicaOf(master) {
      const id = await master.execute('CLUSTER', 'MYID');
      return await find(nodes, async (node) => (await selfOf(node)).includes(`slave ${id}`));
    },
    moveSlot: (slot, from, to) => moveSlot(String(slot), from, to, masters),
    async close() {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

async function startNode(
  busPort: number,
  { args = [], tls }: TestClusterOptions,
): Promise<TestRedis> {
  const port = await freePort();
  const settings = {
    'cluster-enabled': 'yes',
    // The usual one, 10000 beyond the other, may be beyond the last.
    'cluster-port': String(busPort),
    'cluster-node-timeout': '1000',
    'repl-diskless-sync-delay': '0',
  };
  const own = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const secured = tls ? [...tlsArgs(tls, port), '--tls-cluster', 'yes'] : [];
  return await startRedis({ port, args: [...own, ...secured, ...args] });
}

async function find(
  nodes: readonly TestRedis[],
  isIt: (node: TestRedis) => Promise<boolean>,
): Promise<TestRedis> {
  const found = await Promise.all(nodes.map(isIt));
  const node = nodes[found.indexOf(true)];
  if (!node) throw new TypeError('no node of the Cluster is it');
  return node;
}

/** What a node says of itself; empty when it is gone. */
async function selfOf(node: TestRedis): Promise<string> {
  const nodes = await node.execute('CLUSTER', 'NODES').catch(() => '');
  return nodes.split('\n').find((line) => line.includes('myself')) ?? '';
}

const SLOTS_COLUMN = 8;

async function isOwner(node: TestRedis, slot: number): Promise<boolean> {
  const self = await selfOf(node);
  if (!self.includes('master')) return false;
  const ranges = self.split(' ').slice(SLOTS_COLUMN);
  return ranges.some((range) => {
    const [from = SLOTS, to = from] = range.split('-').map(Number);
    return slot >= from && slot <= to;
  });
}

async function until(node: TestRedis, command: string, told: string): Promise<void> {
  while (!(await node.execute(...command.split(' '))).includes(told)) await delay(20);
}

const KEYS_AT_ONCE = '50';
const LIMIT_MS = '5000';

async function moveSlot(
  slot: string,
  from: TestRedis,
  to: TestRedis,
  masters: readonly TestRedis[],
): Promise<void> {
  const [fromId, toId] = [
    await from.execute('CLUSTER', 'MYID'),
    await to.execute('CLUSTER', 'MYID'),
  ];
  await to.execute('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
  await from.execute('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
  for (;;) {
    const found = await from.execute('CLUSTER', 'GETKEYSINSLOT', slot, KEYS_AT_ONCE);
    if (found === '') break;
    const where = ['127.0.0.1', String(to.port), '', '0', LIMIT_MS];
    await from.execute('MIGRATE', ...where, 'KEYS', ...found.split('\n'));
  }
  // First the new owner, so that at no time nobody has it.
  const others = masters.filter((master) => master !== to);
  for (const node of [to, from, ...others]) {
    await node.execute('CLUSTER', 'SETSLOT', slot, 'NODE', toId);
  }
}
