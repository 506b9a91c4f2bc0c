/** The names in state under which the lists of one issuer are kept. */
export interface LedgerKeys {
  /** The list that blocks are leased of. */
  readonly current: string;
  /** The log that tells who has which index. */
  readonly ledger: string;
  /** Counts who trims the ledger in the current minute. */
  readonly trim: string;
}

/** The keys of the issuer with this namespace. */
export function ledgerKeys(namespace: string): LedgerKeys {
  const prefix = `${namespace}:status-lists`;
  return { current: `${prefix}:current`, ledger: `${prefix}:ledger`, trim: `${prefix}:trim` };
}
