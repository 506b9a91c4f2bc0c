/** Letters in the hands of this node: so many at once, that one which hangs does not hold up the others. */
export interface UnderWay {
  room(): number;
  has(id: string): boolean;
  /** `work` must not reject. */
  begin(id: string, work: Promise<void>): void;
  /** Waits for what has begun. */
  finish(): Promise<void>;
}

/** `onRoom` is called when there is room again after there was none. */
export function createUnderWay(max: number, onRoom: () => void): UnderWay {
  const works = new Map<string, Promise<void>>();
  return {
    room: () => max - works.size,
    has: (id) => works.has(id),
    begin(id, work) {
      const done = work.finally(() => {
        works.delete(id);
        if (works.size === max - 1) onRoom();
      });
      works.set(id, done);
    },
    async finish() {
      await Promise.all(works.values());
    },
  };
}
