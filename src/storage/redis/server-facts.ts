import { RedisMayEvict, RedisRefused } from './errors.ts';

/** What a Redis says of itself, as far as it matters here. */
export interface ServerFacts {
  readonly version: string;
  /** `standalone`, `cluster`, `sentinel`. */
  readonly mode: string;
  /** Changes with every start of that server. */
  readonly runId: string;
  /** The history that it took over when it was promoted; empty when it was not, or Redis has forgotten. */
  readonly heirOf: string;
  readonly uptimeSeconds: number;
  readonly role: string;
  readonly evictionPolicy: string;
  readonly appendOnly: boolean;
  /** `always`, `everysec`, `no`; empty when Redis does not let us ask. */
  readonly appendFsync: string;
  readonly replicas: number;
}

/** Where a Redis stands. */
export interface Place {
  /** The mode that it must be in. */
  readonly mode: string;
  /** What logs call it. */
  readonly name: string;
  /** What it is called in a sentence, by the setting that leads to it. */
  readonly called: string;
}

const MAJOR_MIN = 7;
const KEEPS_EVERYTHING = 'noeviction';
const NO_HISTORY = /^0+$/;

/** Reads the answer of `INFO`. */
export function readServerFacts(info: string, appendFsync: string): ServerFacts {
  const fields = new Map<string, string>();
  for (const line of info.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  const field = (name: string, otherwise = ''): string => fields.get(name) ?? otherwise;
  return {
    version: field('redis_version', '0'),
    mode: field('redis_mode'),
    runId: field('run_id'),
    heirOf: field('master_replid2').replace(NO_HISTORY, ''),
    uptimeSeconds: Number(field('uptime_in_seconds', '0')),
    role: field('role'),
    evictionPolicy: field('maxmemory_policy'),
    appendOnly: fields.get('aof_enabled') === '1',
    appendFsync,
    replicas: Number(field('connected_slaves', '0')),
  };
}

/** True from `major.minor` on. */
export function isAtLeast(facts: ServerFacts, major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = facts.version.split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

/** Why this Redis must not hold our state; `undefined` when it may. */
export function unfitnessOf(
  facts: ServerFacts,
  { mode, called }: Place,
): RedisMayEvict | RedisRefused | undefined {
  if (!isAtLeast(facts, MAJOR_MIN, 0)) {
    return new RedisRefused(`${called} is a ${facts.version}: ${MAJOR_MIN}.0 or later is needed`);
  }
  if (facts.mode !== mode) {
    return new RedisRefused(
      `${called} is in ${facts.mode} mode, not ${mode}: the nodes of a Cluster are set by storage.state.redis.cluster, Sentinels by storage.state.redis.sentinel, one Redis by storage.state.redis.url`,
    );
  }
  if (facts.evictionPolicy !== KEEPS_EVERYTHING) {
    return new RedisMayEvict(
      `${called} may throw away sessions and revocations: its maxmemory-policy is ${facts.evictionPolicy}; set "maxmemory-policy noeviction" in redis.conf`,
    );
  }
  return undefined;
}

/** What an operator should know of a Redis that is fit. */
export function remarksOf(facts: ServerFacts, replicasWanted: number): readonly string[] {
  const remarks: string[] = [];
  if (!facts.appendOnly) {
    remarks.push(
      'Redis keeps no append-only file: a restart of it loses sessions, keys and revocations; set "appendonly yes"',
    );
  } else if (replicasWanted === 0 && !isConfirmedByLog(facts) && facts.appendFsync !== 'always') {
    remarks.push(
      'a power failure of Redis may take back the last second of acknowledged writes, revocations too: set "appendfsync always", use Redis 7.2 or later, or set storage.state.redis.replicas',
    );
  }
  if (facts.replicas > 0 && replicasWanted === 0) {
    remarks.push(
      'a replica that becomes the master may lack what was acknowledged last, rotations of refresh tokens and revocations too: set storage.state.redis.replicas',
    );
  }
  if (facts.replicas < replicasWanted) {
    remarks.push(
      `Redis has ${facts.replicas} of the ${replicasWanted} replicas of storage.state.redis.replicas: revocations and rotations are refused until they are back`,
    );
  }
  return remarks;
}

/** True when Redis can say that its append-only file is on disk (`WAITAOF`). */
export function isConfirmedByLog(facts: ServerFacts): boolean {
  return facts.appendOnly && isAtLeast(facts, 7, 2);
}
