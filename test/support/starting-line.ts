/** Where requests wait for each other, so that they are worked on at once however late some of them come. */
export interface StartingLine {
  /** The next `count` go on together, when all of them are here. */
  gather(count: number): void;
  /** Resolves when this one may go on: at once, unless some are gathered. */
  enter(): Promise<void>;
}

/** Nobody waits yet. */
export function createStartingLine(): StartingLine {
  let missing = 0;
  let start = Promise.withResolvers<void>();
  return {
    gather(count) {
      missing = count;
      start = Promise.withResolvers();
    },
    async enter() {
      if (missing === 0) return;
      missing -= 1;
      if (missing === 0) start.resolve();
      await start.promise;
    },
  };
}
