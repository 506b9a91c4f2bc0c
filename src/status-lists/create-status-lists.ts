import type { Router } from '@koa/router';
import type { RevocationRoom } from '../revocation/create-revocation.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { randomId } from '../runtime/random.ts';
import type { State } from '../storage/state.ts';
import type { StatusListsConfig } from './config.ts';
import { createIndexSupply } from './index-supply.ts';
import { createJudgement } from './judgement.ts';
import { leaseBlocks } from './lease.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { ledgerKeys } from './ledger-keys.ts';
import { createLedgerReader } from './ledger-reader.ts';
import { createLedgerWriter } from './ledger-writer.ts';
import { createPublisher, type Sign } from './publisher.ts';
import { aggregationUri, createStatusListRoutes, listUri } from './routes.ts';
import { rowOf } from './row.ts';
import type { Shown, StatusLists } from './status-lists.ts';
import { createSweeper } from './sweeper.ts';
import { startUpkeep } from './upkeep.ts';

export interface StatusListsOptions {
  readonly state: State;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly revocation: Pick<RevocationRoom, 'feed' | 'numberOf'>;
  readonly sign: Sign;
  readonly issuer: string;
  /** Of the issuer: each has lists of its own. */
  readonly namespace: string;
  readonly settings: StatusListsConfig;
  /** Access tokens live so long by the settings. */
  readonly longestToken: number;
  /** How far clocks may be apart. */
  readonly tolerance: number;
}

/** What a node can tell of its lists, for metrics and pages. */
export interface StatusListsMetrics {
  readonly lists: number;
  /** Tokens that have an index and may live. */
  readonly tokens: number;
  /** Indices at hand. */
  readonly left: number;
  /** Tokens that the other nodes were not told of yet. */
  readonly untold: number;
  /** Seconds since the lists of this node were found to show all that was revoked; Infinity: not yet. */
  readonly behindSeconds: number;
}

/** The room as the composition sees it. */
export interface StatusListsRoom extends StatusLists {
  readonly router: Router;
  /** How far the lists of all nodes have come; undefined: this node cannot tell. */
  shown(): Shown | undefined;
  /** Resolves when every list of every living node shows the revocation with this number. Rejects with the signal's reason. */
  whenShown(number: number, signal: AbortSignal): Promise<void>;
  metrics(): StatusListsMetrics;
  /** Always well, because lists are served as they were until they expire; the remarks say what is to be seen to. */
  health(): { readonly ok: true; readonly remarks: readonly string[] };
  close(): Promise<void>;
}

const LOOK_SECONDS = 0.1;
/** Lists are swept twice a second: more is worth a word. */
const BEHIND_SECONDS = 5;

/** Resolves after the first attempt to read and to lease; when that failed, the room stands all the same and goes on trying. */
export async function createStatusLists(options: StatusListsOptions): Promise<StatusListsRoom> {
  const { state, clock, revocation, issuer, settings, tolerance } = options;
  const keys = ledgerKeys(options.namespace);
  const node = randomId();
  const judgement = createJudgement(revocation.feed, revocation.numberOf);
  const ledger = createLedger({ clock, judgement, self: node, tolerance });
  const writer = createLedgerWriter({ ...options, key: keys.ledger, node });
  const leasing = { ...settings, state, clock, key: keys.current };
  const supply = createIndexSupply({
    ledger,
    writer,
    clock,
    lease: (count) => leaseBlocks(count, leasing),
  });
  const reader = createLedgerReader({
    state,
    clock,
    ledger,
    key: keys.ledger,
    onLoss: supply.drop,
  });
  const all = aggregationUri(issuer);
  const uriOf = (id: string): string => listUri(issuer, id);
  const publisher = createPublisher({ ...options, uriOf, aggregationUri: all });
  const sweeper = createSweeper({ feed: revocation.feed, ledger, reader, publisher, writer });
  const upkeep = await startUpkeep({
    ...options,
    keys,
    reader,
    writer,
    supply,
    ledger,
    sweeper,
    onRevoked: revocation.feed.onMoved,
  });

  return {
    aggregationUri: all,
    async assign(token) {
      const place = supply.take();
      const { list, position } = place instanceof Promise ? await place : place;
      const row = rowOf(token, position);
      list.put(row);
      writer.add(list, row);
      return { idx: list.indexAt(position), uri: uriOf(list.identity.id) };
    },
    router: createStatusListRoutes({ publisher, uriOf, isReady: sweeper.isReady }),
    shown: sweeper.shownByAll,
    async whenShown(number, signal) {
      while ((sweeper.shownByAll()?.number ?? -1) < number) await clock.sleep(LOOK_SECONDS, signal);
    },
    metrics: () => ({
      ...countsOf(ledger),
      left: supply.left(),
      untold: writer.rows(),
      behindSeconds: sweeper.behindSeconds(),
    }),
    health: () => ({ ok: true, remarks: remarksOn(sweeper.behindSeconds()) }),
    close: upkeep.close,
  };
}

function countsOf(ledger: Ledger): Pick<StatusListsMetrics, 'lists' | 'tokens'> {
  const lists = ledger.lists();
  return { lists: lists.length, tokens: lists.reduce((sum, list) => sum + list.size(), 0) };
}

function remarksOn(behindSeconds: number): readonly string[] {
  if (behindSeconds === Infinity) return ['the status lists do not show yet what was revoked'];
  if (behindSeconds <= BEHIND_SECONDS) return [];
  return [`the status lists are as they were ${Math.round(behindSeconds)} s ago`];
}
