/** Proofs that were accepted and could be accepted again. */
export interface UsedProofs {
  /** True: this proof is used now for the first time. What was made before `notBefore` is not accepted by anyone, and forgotten. */
  use(proof: Proof, notBefore: number): boolean;
  size(): number;
}

/** What tells one proof from another. */
interface Proof {
  readonly id: string;
  /** NumericDate, as the client says. */
  readonly issuedAt: number;
}

/**
 * Remembers at most `max` proofs. When there are more, those made earliest are forgotten, and whatever was made as early is
 * refused from then on: a flood may cost slow clients an attempt, but lets no proof through twice.
 */
export function createUsedProofs(max: number): UsedProofs {
  /** By the second in which they were made. */
  const seconds = new Map<number, Set<string>>();
  let size = 0;
  let refusedUntil = -Infinity;

  function forget(second: number): void {
    size -= seconds.get(second)?.size ?? 0;
    seconds.delete(second);
    // Also when it is merely too old: should the clock be set back, it would not be.
    refusedUntil = Math.max(refusedUntil, second);
  }

  return {
    use({ id, issuedAt }, notBefore) {
      for (const second of seconds.keys()) if (second + 1 < notBefore) forget(second);
      const second = Math.floor(issuedAt);
      if (seconds.get(second)?.has(id) === true) return false;
      if (size >= max) forget(Math.min(...seconds.keys()));
      if (second <= refusedUntil) return false;
      const used = seconds.get(second) ?? new Set();
      seconds.set(second, used.add(id));
      size += 1;
      return true;
    },
    size: () => size,
  };
}
