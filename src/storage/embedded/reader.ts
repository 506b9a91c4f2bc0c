import type { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import type { Logger } from '../../runtime/logger.ts';
import { openConnection } from './connection.ts';
import { EngineFailure, faultOf } from './faults.ts';

/**
 * Reads come without waiting, so whoever reads in a loop would let nothing else happen, not even the write that
 * the loop waits for. One read in so many therefore waits until the event loop has gone round.
 */
const READS_A_TURN = 100;

/** The main thread's connection: it reads at once, in microseconds, and cannot write. */
export interface Reader {
  readonly connection: DatabaseSync;
  /**
   * Runs `act` over the connection.
   *
   * @throws {EngineFailure} when SQLite could not answer.
   * @throws what `act` throws by its own fault.
   */
  read<Result>(act: () => Result): Result;
  /** To be awaited before a read for a caller: most of them need not wait, some wait for a turn of the loop. */
  turn(): Promise<void> | undefined;
  /** False once the file has shown itself damaged, or the reader is closed. */
  isSound(): boolean;
  close(): void;
}

/** Opens the reader of an existing file. */
export function openReader(file: string, logger: Logger): Reader {
  const connection = openConnection(file, 'reader');
  let isDamaged = false;
  let reads = 0;

  function failure(error: unknown): unknown {
    const fault = faultOf(error);
    if (fault === 'other') return error;
    if (fault === 'corrupt' && !isDamaged) {
      isDamaged = true;
      logger.error({ event: 'storage.damaged', file }, 'the embedded file is damaged');
    }
    const message = error instanceof Error ? error.message : String(error);
    return new EngineFailure(fault, message, { cause: error });
  }

  return {
    connection,
    read(act) {
      if (!connection.isOpen) throw new EngineFailure('lost', 'the embedded file is closed');
      try {
        return act();
      } catch (error) {
        throw failure(error);
      }
    },
    turn() {
      reads += 1;
      return reads % READS_A_TURN === 0 ? setImmediate() : undefined;
    },
    isSound: () => connection.isOpen && !isDamaged,
    close() {
      if (connection.isOpen) connection.close();
    },
  };
}
