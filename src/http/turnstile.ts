/** Where requests that can wait come in one after the other. */
export interface Turnstile {
  /** Resolves when it is this one's turn; undefined: at once. */
  enter(): Promise<void> | undefined;
}

/**
 * How often the event loop comes round between two that enter. A page takes about ten rounds (of the state, of the
 * records), so that about two are worked on at once, however many have come.
 */
const ROUNDS = 6;

/**
 * Lets one in at a time, and the next when the loop has come round. The more there is to do the longer a round
 * takes, so that what does not come by here (tokens, introspection) finds only a few pages before it in
 * each, and not all that have arrived. Nobody waits while there is nothing to do.
 */
export function createTurnstile(rounds = ROUNDS): Turnstile {
  const waiting: (() => void)[] = [];
  let roundsLeft = 0;

  function comeRound(): void {
    roundsLeft -= 1;
    if (roundsLeft > 0) {
      setImmediate(comeRound);
      return;
    }
    const next = waiting.shift();
    if (next === undefined) return;
    close();
    next();
  }

  function close(): void {
    roundsLeft = rounds;
    setImmediate(comeRound);
  }

  return {
    enter() {
      if (roundsLeft > 0) return new Promise((resolve) => waiting.push(resolve));
      close();
      return undefined;
    },
  };
}
