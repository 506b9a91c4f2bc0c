import type { StallWatch } from '../stall-watch.ts';

/** What an API answered to a token. Times are of one clock that only goes forward. */
export interface Presented {
  readonly token: string;
  readonly api: string;
  readonly beganMs: number;
  readonly endedMs: number;
  /** 0: no answer. */
  readonly status: number;
}

/** A revoked token that was accepted when it must not have been. */
export interface Violation extends Presented {
  readonly why: 'after a refusal' | 'too late';
  readonly revokedMs: number;
}

/** Every answer of every API, and what was answered to the revocations. */
export interface AcceptanceLedger {
  present(line: Presented): void;
  /** The revocation of these tokens was answered with 200 at this time. */
  revoked(tokens: readonly string[], atMs: number): void;
  /**
   * A token that an API has refused as revoked is never accepted by it again; and once it has been revoked for
   * `graceMs`, those not counted for which this machine stood still, no API accepts it.
   */
  violations(graceMs: number, stalls?: Pick<StallWatch, 'between'>): readonly Violation[];
  /** From the answer to the revocation to the first refusal, of each token at each API. */
  refusals(): readonly { readonly revokedMs: number; readonly refusedMs: number }[];
  lines(): readonly Presented[];
}

const NO_STALLS = { between: () => 0 };
const ACCEPTED = 200;
const REFUSED = 401;

export function createAcceptanceLedger(): AcceptanceLedger {
  const lines: Presented[] = [];
  const revokedAt = new Map<string, number>();

  /** When each API refused each token first. */
  function firstRefusals(): Map<string, Presented> {
    const first = new Map<string, Presented>();
    for (const line of lines) {
      const key = `${line.api} ${line.token}`;
      const known = first.get(key);
      const isFirst = known === undefined || line.endedMs < known.endedMs;
      if (line.status === REFUSED && isFirst) first.set(key, line);
    }
    return first;
  }

  return {
    present: (line) => void lines.push(line),
    revoked(tokens, atMs) {
      for (const token of tokens)
        revokedAt.set(token, Math.min(atMs, revokedAt.get(token) ?? atMs));
    },
    violations(graceMs, stalls = NO_STALLS) {
      const refusals = firstRefusals();
      return lines.flatMap((line): readonly Violation[] => {
        const revokedMs = revokedAt.get(line.token);
        if (line.status !== ACCEPTED || revokedMs === undefined) return [];
        const refusedMs = refusals.get(`${line.api} ${line.token}`)?.endedMs ?? Infinity;
        // Only what began later: a request under way may have been judged before.
        if (line.beganMs > refusedMs) return [{ ...line, revokedMs, why: 'after a refusal' }];
        const lateMs = line.beganMs - revokedMs - stalls.between(revokedMs, line.beganMs);
        if (lateMs > graceMs) return [{ ...line, revokedMs, why: 'too late' }];
        return [];
      });
    },
    refusals: () =>
      [...firstRefusals().values()].flatMap(({ token, endedMs: refusedMs }) => {
        const revokedMs = revokedAt.get(token);
        return revokedMs === undefined ? [] : [{ revokedMs, refusedMs }];
      }),
    lines: () => lines,
  };
}
