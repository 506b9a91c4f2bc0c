import type { Clock } from '../runtime/clock.ts';

/** Looks for changes that this node may not have heard of. */
export interface VersionWatch {
  /** Resolves once it is known that nothing changed more than a second ago; undefined: it is known already. */
  catchUp(): Promise<void> | undefined;
}

export interface VersionWatchOptions {
  readonly clock: Clock;
  /** Differs after every change that any node has made. */
  version(): Promise<string>;
  onChange(): void;
}

/** How long a change may go unseen on a node that did not hear of it. */
const FRESH_MS = 1000;

/** Reads the version at most once a second, and once for however many ask at a time. */
export function createVersionWatch({
  clock,
  version,
  onChange,
}: VersionWatchOptions): VersionWatch {
  let checking: Promise<void> | undefined;
  let known: string | undefined;
  let checkedAtMs = -Infinity;

  async function check(): Promise<void> {
    const startedAtMs = clock.nowMs();
    const current = await version();
    if (known !== undefined && current !== known) onChange();
    known = current;
    checkedAtMs = startedAtMs;
  }

  return {
    catchUp() {
      const ageMs = clock.nowMs() - checkedAtMs;
      // A clock that was set back makes it stale once, not fresh for long.
      if (ageMs >= 0 && ageMs < FRESH_MS) return undefined;
      checking ??= check().finally(() => {
        checking = undefined;
      });
      return checking;
    },
  };
}
