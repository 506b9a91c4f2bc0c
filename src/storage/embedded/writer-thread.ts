import {
  parentPort,
  receiveMessageOnPort,
  workerData,
  type MessagePort,
} from 'node:worker_threads';
import { createCommitter, type Committer } from './committer.ts';
import { openConnection } from './connection.ts';
import type { Bound, Job, Operation, Order, Report } from './operation.ts';
import { createReserve } from './reserve.ts';
import { STATE_SCHEMA } from './state-schema.ts';

/** No group is larger, or the log would outgrow the reserve. One job may be. */
const GROUP_CHARACTERS_MAX = 512 * 1024;

/** The thread's life: it takes whatever has queued, commits it at once, answers, and takes the next. */
function serve(port: MessagePort, file: string): void {
  const tell = (report: Report): void => port.postMessage(report);
  const connection = openConnection(file, 'writer');
  // A file that an older release made gets the tables that this one has added.
  connection.exec(STATE_SCHEMA);
  const committer = createCommitter({
    connection,
    reserve: createReserve(file),
    onRoom: (room) => tell({ kind: 'room', room }),
  });
  port.on('message', (order: Order) => {
    const { jobs, closing } = drain(port, order);
    work(jobs, committer, tell);
    if (!closing) return;
    connection.close();
    port.close();
  });
  // An empty group: it makes the reserve, or tells that there is no room for it.
  committer.commit([]);
  tell({ kind: 'ready' });
}

/** Commits all that is queued, group by group; each is answered before the log is tended. */
function work(jobs: readonly Job[], committer: Committer, tell: (report: Report) => void): void {
  for (let from = 0; from < jobs.length;) {
    const to = endOfGroup(jobs, from);
    tell({ kind: 'outcomes', outcomes: committer.commit(jobs.slice(from, to)) });
    committer.settle();
    from = to;
  }
}

function drain(
  port: MessagePort,
  first: Order,
): { readonly jobs: readonly Job[]; readonly closing: boolean } {
  const jobs: Job[] = [];
  for (let order: Order | undefined = first; order !== undefined; order = next(port)) {
    if (order === 'close') return { jobs, closing: true };
    jobs.push(...order);
  }
  return { jobs, closing: false };
}

function next(port: MessagePort): Order | undefined {
  return receiveMessageOnPort(port)?.message;
}

function endOfGroup(jobs: readonly Job[], from: number): number {
  let characters = 0;
  for (let index = from; index < jobs.length; index += 1) {
    const job = jobs[index];
    characters += job === undefined ? 0 : weigh(job.operation);
    if (index > from && characters > GROUP_CHARACTERS_MAX) return index;
  }
  return jobs.length;
}

/** Characters that a job is about to put into the log; keys and numbers are not worth counting. */
function weigh(operation: Operation): number {
  if ('value' in operation) return operation.value.length;
  if ('values' in operation) return sum(operation.values);
  return 'statements' in operation
    ? sum(operation.statements.flatMap((each) => each.parameters))
    : 0;
}

function sum(values: readonly Bound[]): number {
  return values.reduce<number>(
    (total, value) => total + (typeof value === 'string' ? value.length : 0),
    0,
  );
}

// The path comes from `startWriterThread`; a port is there in a worker only, so an import does nothing.
if (parentPort && typeof workerData === 'string') serve(parentPort, workerData);
