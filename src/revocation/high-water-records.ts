import { RecordConflict, type Records } from '../storage/records.ts';
import { readHighWater, type HighWater } from './epoch.ts';
import { createLatest } from './latest.ts';

/** The second place that knows how far the log had come: so a state engine that was restored from a copy is found out. */
export interface HighWaterRecords {
  /** Undefined: there never was a log. */
  read(): Promise<HighWater | undefined>;
  /** Resolves once the records know of a number at least as high. Calls that come together share one write. */
  raise(to: HighWater): Promise<void>;
}

/** Keeps it under one name of `installation`. */
export function createHighWaterRecords(records: Records, namespace: string): HighWaterRecords {
  const name = `revocation:${namespace}`;
  let wanted: HighWater | undefined;
  /** The row as it was last seen, so that a raise is one statement as long as no other node raises. */
  let seen: string | undefined;

  async function readText(): Promise<string | undefined> {
    const row = await records.first(
      records.queries.selectFrom('installation').select('value').where('name', '=', name),
    );
    seen = row?.value;
    return seen;
  }

  /** False: another node wrote first. */
  async function tryWrite(value: string): Promise<boolean> {
    if (seen !== undefined) {
      const [updated] = await records.write(
        records.queries
          .updateTable('installation')
          .set({ value })
          .where('name', '=', name)
          .where('value', '=', seen),
      );
      return updated?.rowsAffected === 1;
    }
    try {
      await records.write(records.queries.insertInto('installation').values({ name, value }));
      return true;
    } catch (error) {
      if (error instanceof RecordConflict) return false;
      throw error;
    }
  }

  async function raiseOnce(): Promise<void> {
    const to = wanted;
    if (to === undefined) return;
    const { id, generation, offset, number } = to;
    const value = JSON.stringify({ id, generation, offset, number });
    for (let known = seen; isHigher(to, parsed(known)); known = seen) {
      if (await tryWrite(value)) seen = value;
      else await readText();
    }
  }

  const latest = createLatest(raiseOnce);
  return {
    read: async () => parsed(await readText()),
    raise(to) {
      if (isHigher(to, wanted)) wanted = to;
      return latest.run();
    },
  };
}

function parsed(text: string | undefined): HighWater | undefined {
  return text === undefined ? undefined : readHighWater(JSON.parse(text));
}

/** Of the same epoch the higher number, else the later epoch. */
function isHigher(to: HighWater, than: HighWater | undefined): boolean {
  if (than === undefined) return true;
  return to.generation === than.generation
    ? to.number > than.number
    : to.generation > than.generation;
}
