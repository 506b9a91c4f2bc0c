import assert from 'node:assert/strict';
import { randomId } from '../runtime/random.ts';
import { RecordConflict, type Records } from '../storage/records.ts';
import { linked, type Happened, type Head } from './chain.ts';
import { createAppending, isWritten, readHead } from './chain-records.ts';

/** How often a number may be lost to another process of the same name, one time after the other. */
const LOST_RACES_MAX = 5;

/** The end of one chain. Only one `append` may run at a time. */
export interface ChainWriter {
  /** The name of the chain: the node's, until too many races for its numbers were lost. */
  name(): string;
  /** The chain's head, read when not known. */
  head(): Promise<Head>;
  /**
   * Puts the events behind the chain in one durable transaction.
   *
   * @throws {RecordsUnavailable} when the write is not known to have happened.
   */
  append(happened: readonly Happened[]): Promise<void>;
}

/** Writes the chain of `node`. Two processes with one name share it: the unique (node, number) decides. */
export function createChainWriter(records: Records, node: string): ChainWriter {
  const appending = createAppending(records);
  let name = node;
  let known: Head | undefined;

  async function head(): Promise<Head> {
    known ??= await readHead(records, name);
    return known;
  }

  /** False: another process took a number first. */
  async function tryAppend(happened: readonly Happened[]): Promise<boolean> {
    const rows = linked(name, await head(), happened);
    const last = rows.at(-1);
    if (last === undefined) return true;
    known = undefined;
    try {
      await records.write(...appending(rows));
    } catch (error) {
      if (error instanceof RecordConflict) return isWritten(records, last);
      // The answer was lost; what was asked for may have been done.
      if (!(await isWritten(records, last).catch(() => false))) throw error;
    }
    known = { number: last.number, hash: last.hash };
    return true;
  }

  return {
    name: () => name,
    head,
    async append(happened) {
      for (let lost = 0; lost < LOST_RACES_MAX; lost += 1) {
        if (await tryAppend(happened)) return;
      }
      // Other processes of this name are faster again and again: go on alone.
      name = `${node}~${randomId(6)}`;
      known = undefined;
      assert(await tryAppend(happened), 'a chain with a random name has one writer');
    },
  };
}
