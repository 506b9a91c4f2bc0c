import { z } from 'zod';
import type { Records } from '../storage/records.ts';
import type { AuditTable } from '../storage/tables.ts';
import { parsedJson } from './canonical-json.ts';
import { columnsOf, hashOf, type Head } from './chain.ts';
import { HEAD_PREFIX, readKeptHead } from './chain-records.ts';

const PAGE = 1000;

/**
 * What is wrong with a chain: an event does not fit its hash or its columns; events are missing before `number`;
 * the kept head knows of events up to `number` that are gone; the kept head is gone or does not fit.
 */
export type AuditProblemKind = 'edited' | 'missing' | 'truncated' | 'head';

export interface AuditProblem {
  readonly node: string;
  readonly number: number;
  readonly kind: AuditProblemKind;
}

/** One chain as it was found. */
export interface AuditChain {
  readonly node: string;
  /** The number of the oldest event still kept. */
  readonly first: number;
  readonly last: number;
  /** The hash of the newest event: whoever keeps it elsewhere can tell later that nothing before it changed. */
  readonly hash: string;
}

export interface AuditReport {
  readonly ok: boolean;
  readonly chains: readonly AuditChain[];
  readonly problems: readonly AuditProblem[];
}

type Row = Pick<
  AuditTable,
  'number' | 'at' | 'event' | 'hash' | 'type' | 'account_id' | 'client_id' | 'site'
>;

/** Follows every chain from its oldest event to its head. Nodes may write meanwhile. */
export async function verifyAudit(records: Records): Promise<AuditReport> {
  const chains: AuditChain[] = [];
  const problems: AuditProblem[] = [];
  for (const node of await findNodes(records)) {
    const found = await verifyChain(records, node);
    chains.push(found.chain);
    problems.push(...found.problems);
  }
  return { ok: problems.length === 0, chains, problems };
}

async function findNodes(records: Records): Promise<readonly string[]> {
  const written = records.queries.selectFrom('audit').select('node').distinct();
  const kept = records.queries
    .selectFrom('installation')
    .select('name')
    .where('name', 'like', `${HEAD_PREFIX}%`);
  const nodes = [
    ...(await records.all(written)).map(({ node }) => node),
    ...(await records.all(kept)).map(({ name }) => name.slice(HEAD_PREFIX.length)),
  ];
  return [...new Set(nodes)].toSorted();
}

async function verifyChain(
  records: Records,
  node: string,
): Promise<{ readonly chain: AuditChain; readonly problems: readonly AuditProblem[] }> {
  const walk = createWalk(node, await readCut(records, node));
  // Read before the events, so that it can only lag behind them while the node writes on.
  const keptBefore = await readKeptHead(records, node);
  for (let page = await readPage(records, node, 0); page.length > 0;) {
    for (const row of page) walk.take(row, keptBefore);
    page = await readPage(records, node, walk.chain().last);
  }
  const problems = [...walk.problems()];
  const { last } = walk.chain();
  if (keptBefore !== undefined && keptBefore.number > last) {
    problems.push({ node, number: keptBefore.number, kind: 'truncated' });
  }
  // Kept in the transaction of the event itself: never behind an event that was read before.
  const keptAfter = await readKeptHead(records, node);
  if (keptAfter === undefined || keptAfter.number < last) {
    problems.push({ node, number: last, kind: 'head' });
  }
  return { chain: walk.chain(), problems };
}

interface Walk {
  take(row: Row, kept: Head | undefined): void;
  chain(): AuditChain;
  problems(): readonly AuditProblem[];
}

/** Goes through the events of one chain in order. `cut` is where its oldest event must begin. */
function createWalk(node: string, cut: Head): Walk {
  const problems: AuditProblem[] = [];
  let previous = cut;
  let first = 0;

  return {
    take(row, kept) {
      const number = row.number;
      const follows = number === previous.number + 1;
      if (!follows) problems.push({ node, number, kind: 'missing' });
      // Behind a hole there is nothing to hold the hash against.
      const isHashed =
        !follows ||
        hashOf(previous.hash, { node, number, at: row.at, event: row.event }) === row.hash;
      if (!isHashed || !hasItsColumns(row)) problems.push({ node, number, kind: 'edited' });
      if (kept?.number === number && kept.hash !== row.hash) {
        problems.push({ node, number, kind: 'head' });
      }
      first ||= number;
      previous = { number, hash: row.hash };
    },
    chain: () => ({ node, first, last: first === 0 ? 0 : previous.number, hash: previous.hash }),
    problems: () => problems,
  };
}

const found = z.looseObject({
  type: z.string(),
  accountId: z.string().optional(),
  clientId: z.string().optional(),
  origin: z.looseObject({ site: z.string().optional() }).optional(),
});

/** The columns by which events are found say what the event says. */
function hasItsColumns(row: Row): boolean {
  const event = found.safeParse(parsedJson(row.event)).data;
  if (event === undefined) return false;
  const columns = columnsOf(event);
  return (
    row.type === columns.type &&
    row.account_id === columns.account_id &&
    row.client_id === columns.client_id &&
    row.site === columns.site
  );
}

const cutEvent = z.looseObject({ upTo: z.int(), hash: z.string() });

/** Where the last cut says that the rest begins; it is an event of the chain and verified with it. */
async function readCut(records: Records, node: string): Promise<Head> {
  const row = await records.first(
    records.queries
      .selectFrom('audit')
      .select('event')
      .where('node', '=', node)
      .where('type', '=', 'audit.cut')
      .orderBy('number', 'desc')
      .limit(1),
  );
  const cut = cutEvent.safeParse(row && parsedJson(row.event)).data;
  return { number: cut?.upTo ?? 0, hash: cut?.hash ?? '' };
}

function readPage(records: Records, node: string, after: number): Promise<readonly Row[]> {
  return records.all(
    records.queries
      .selectFrom('audit')
      .select(['number', 'at', 'event', 'hash', 'type', 'account_id', 'client_id', 'site'])
      .where('node', '=', node)
      .where('number', '>', after)
      .orderBy('number')
      .limit(PAGE),
  );
}
