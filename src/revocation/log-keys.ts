/** The names in state under which the log of one issuer is kept. */
export interface LogKeys {
  readonly epoch: string;
  /** Each epoch has a log of its own, so that an entry can never get into the log of another. */
  log(epochId: string): string;
  /** The topic that tells of a new entry. */
  readonly topic: string;
  /** Counts who trims the log in the current minute. */
  readonly trim: string;
  /** Where nodes leave the time. */
  readonly witness: string;
  /** The nodes that tell how far they are. */
  readonly nodes: string;
  /** What one of them tells. */
  node(id: string): string;
}

/** The keys of the issuer with this namespace. */
export function logKeys(namespace: string): LogKeys {
  const prefix = `${namespace}:revocation`;
  return {
    epoch: `${prefix}:epoch`,
    log: (epochId) => `${prefix}:log:${epochId}`,
    topic: prefix,
    trim: `${prefix}:trim`,
    witness: `${prefix}:time`,
    nodes: `${prefix}:nodes`,
    node: (id) => `${prefix}:node:${id}`,
  };
}
