import type { DatabaseSync } from 'node:sqlite';
import type { Job, Outcome } from './operation.ts';
import type { Reserve } from './reserve.ts';
import { createTransaction, type Attempt, type Undone } from './transaction.ts';
import { createWriteAheadLog } from './write-ahead-log.ts';

/** Runs groups of jobs, each group in one transaction, and knows what to do when the disk is full. */
export interface Committer {
  /** Gives every job its outcome; what has an answer is on disk. */
  commit(jobs: readonly Job[]): readonly Outcome[];
  /** Keeps the log short. To be called when nobody waits for an answer. */
  settle(): void;
}

/** What the committer leans on. */
export interface CommitterOptions {
  readonly connection: DatabaseSync;
  readonly reserve: Reserve;
  /** Told whether ordinary writes are taken, at first and whenever that changes. */
  readonly onRoom: (room: boolean) => void;
}

const NO_ROOM: Undone = { undone: 'full', message: 'the disk is full' };

/**
 * The committer of the writer's connection. On a full disk it first folds the log back, which often needs no
 * room; then it refuses what is ordinary, and for what is essential it gives the reserve away. From then on
 * ordinary writes are refused without a try, or they would eat the room that was freed for the others.
 */
export function createCommitter({ connection, reserve, onRoom }: CommitterOptions): Committer {
  const run = createTransaction(connection);
  const transact = (jobs: readonly Job[]): Attempt => (jobs.length === 0 ? [] : run(jobs));
  const log = createWriteAheadLog(connection);
  let told: boolean | undefined;

  function tell(room: boolean): boolean {
    if (room !== told) onRoom(room);
    told = room;
    return room;
  }

  function makeRoom(jobs: readonly Job[]): readonly Outcome[] {
    log.restart();
    const again = transact(jobs);
    if (!isFull(again)) return outcomesOf(again, jobs);
    const [essential, ordinary] = split(jobs, (job) => job.essential);
    if (essential.length === 0) return outcomesOf(again, jobs);
    reserve.release();
    tell(false);
    log.restart();
    return [...outcomesOf(again, ordinary), ...outcomesOf(transact(essential), essential)];
  }

  return {
    commit(jobs) {
      const hasRoom = tell((reserve.isWhole() || reserve.restore()) && !log.isStuck());
      const [taken, refused] = split(jobs, (job) => hasRoom || isWelcomeWhenFull(job));
      const attempt = transact(taken);
      const done = isFull(attempt) ? makeRoom(taken) : outcomesOf(attempt, taken);
      return [...done, ...outcomesOf(NO_ROOM, refused)];
    },
    settle: () => log.settle(),
  };
}

/** Sweeping makes room, but it is not worth the reserve. */
function isWelcomeWhenFull(job: Job): boolean {
  return job.essential || job.operation.kind === 'sweep';
}

function isFull(attempt: Attempt): boolean {
  return 'undone' in attempt && attempt.undone === 'full';
}

function outcomesOf(attempt: Attempt, jobs: readonly Job[]): readonly Outcome[] {
  if (!('undone' in attempt)) return attempt;
  return jobs.map(({ id }) => ({ id, fault: attempt.undone, message: attempt.message }));
}

function split<Item>(
  items: readonly Item[],
  belongs: (item: Item) => boolean,
): readonly [readonly Item[], readonly Item[]] {
  return [items.filter(belongs), items.filter((item) => !belongs(item))];
}
