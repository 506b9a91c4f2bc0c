import type { Happened } from './chain.ts';

/** An event on its way; with `settle` and `refuse` when someone waits for it. */
export interface Waiting extends Happened {
  readonly settle?: (() => void) | undefined;
  readonly refuse?: ((error: unknown) => void) | undefined;
}

/** Events in the order they happened. Those that nobody waits for are bounded. */
export interface EventQueue {
  /** False: one that nobody waits for had no room; it is counted as lost. */
  push(waiting: Waiting): boolean;
  /** The oldest events, up to `max`, which now belong to the caller. */
  take(max: number): readonly Waiting[];
  /** Tells those that wait, and keeps the others at the front for the next attempt. */
  refuse(batch: readonly Waiting[], error: unknown): void;
  /** Puts the number of lost events on the record, when there are any. */
  reportLost(at: number): void;
  /** How many were lost since the last report. */
  lost(): number;
  length(): number;
}

/** A queue that holds at most `notesMax` events that nobody waits for. */
export function createEventQueue(notesMax: number): EventQueue {
  let queue: Waiting[] = [];
  let notes = 0;
  let lost = 0;

  const isNote = ({ settle }: Waiting): boolean => settle === undefined;

  return {
    push(waiting) {
      if (isNote(waiting)) {
        if (notes >= notesMax) {
          lost += 1;
          return false;
        }
        notes += 1;
      }
      queue.push(waiting);
      return true;
    },

    take(max) {
      const batch = queue.splice(0, max);
      notes -= batch.filter(isNote).length;
      return batch;
    },

    refuse(batch, error) {
      // Whoever waits answers its own request at once, so those that came after the batch are told too.
      for (const { refuse } of [...batch, ...queue]) refuse?.(error);
      queue = [...batch, ...queue].filter(isNote);
      notes = queue.length;
    },

    reportLost(at) {
      if (lost === 0) return;
      queue.unshift({
        event: { type: 'audit.lost', origin: { address: 'node' }, events: lost },
        at,
      });
      notes += 1;
      lost = 0;
    },

    lost: () => lost,
    length: () => queue.length,
  };
}
