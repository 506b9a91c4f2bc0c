const REMEMBERED_MAX = 1000;

/** Who asks for the same thing at about the same time, on this node. */
export interface Crowd {
  /** One more asks for `key`; call what it gives when it has its answer. */
  join(key: string): () => void;
  /** Whether more than one asks for `key`, or did within the time remembered. */
  isCrowded(key: string): boolean;
}

interface Group {
  present: number;
  total: number;
  lastMs: number;
}

/** `rememberMs`: for how long those count who are gone. */
export function createCrowd(options: {
  readonly nowMs: () => number;
  readonly rememberMs: number;
}): Crowd {
  const { nowMs, rememberMs } = options;
  const groups = new Map<string, Group>();
  const isOver = (group: Group): boolean =>
    group.present === 0 && nowMs() - group.lastMs > rememberMs;

  function forget(): void {
    if (groups.size < REMEMBERED_MAX) return;
    for (const [key, group] of groups) if (isOver(group)) groups.delete(key);
  }

  return {
    join(key) {
      forget();
      const found = groups.get(key);
      const group =
        found === undefined || isOver(found) ? { present: 0, total: 0, lastMs: 0 } : found;
      groups.set(key, group);
      group.present += 1;
      group.total += 1;
      group.lastMs = nowMs();
      return () => {
        group.present -= 1;
        // Most come alone; they need not be remembered.
        if (group.present === 0 && group.total === 1) groups.delete(key);
      };
    },
    isCrowded(key) {
      const group = groups.get(key);
      return group !== undefined && group.total > 1 && !isOver(group);
    },
  };
}
