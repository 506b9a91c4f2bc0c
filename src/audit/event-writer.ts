import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { ChainWriter } from './chain-writer.ts';
import type { EventQueue, Waiting } from './event-queue.ts';

/** How many events go into one transaction. */
export const BATCH_MAX = 500;

/** Moves events from the queue into the chain. */
export interface EventWriter {
  /** Resolves when nothing waits any more. @throws what the records threw. */
  write(): Promise<void>;
  /** The same, for callers that hear of a failure otherwise. */
  writeInBackground(): void;
}

interface EventWriterOptions {
  readonly chain: ChainWriter;
  readonly queue: EventQueue;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when events that nobody waits for have to be tried again later. */
  onHeld(): void;
}

/** One writer at a time: what arrives meanwhile goes with its next batch, which is the group commit. */
export function createEventWriter(options: EventWriterOptions): EventWriter {
  const { chain, queue, clock, logger, onHeld } = options;
  let writing: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    try {
      queue.reportLost(clock.now());
      for (let batch = queue.take(BATCH_MAX); batch.length > 0; batch = queue.take(BATCH_MAX)) {
        await writeBatch(batch);
      }
    } finally {
      // In the same turn as the look at the empty queue: an event that comes later starts anew.
      writing = undefined;
    }
  }

  async function writeBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      await chain.append(batch);
    } catch (error) {
      queue.refuse(batch, error);
      logger.warn(
        { event: 'audit.not_written', held: queue.length(), reason: String(error) },
        'events of the audit could not be written; those that nobody waits for are held',
      );
      if (queue.length() > 0) onHeld();
      throw error;
    }
    for (const { settle } of batch) settle?.();
  }

  /** Begins after this turn, so that events that come together go together. */
  function write(): Promise<void> {
    writing ??= Promise.resolve().then(writeAll);
    return writing;
  }

  return {
    write,
    writeInBackground() {
      write().catch(() => undefined); // Told by `writeBatch`, to the log and to whoever waits.
    },
  };
}
