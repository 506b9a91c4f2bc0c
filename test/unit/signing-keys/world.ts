import {
  CONNECTED_SECONDS,
  IN_FLIGHT_SECONDS,
  plansOf,
  type KeyDurations,
} from '../../../src/signing-keys/promises.ts';
import { hastened, imported } from '../../../src/signing-keys/emergency.ts';
import type { Ring } from '../../../src/signing-keys/ring.ts';
import {
  dueKey,
  phaseOf,
  signerOf,
  signsUntil,
  tidied,
  withKey,
} from '../../../src/signing-keys/schedule.ts';
import { bornRing, createKeyNames } from './rings.ts';

/** What happens to one node from `at` on, for `seconds`: it hears nothing from state, or is off. */
export interface Trouble {
  readonly node: number;
  readonly at: number;
  readonly seconds: number;
  readonly kind: 'cut-off' | 'off';
}

/** An order of an operator at `at`. */
export interface Order {
  readonly at: number;
  readonly kind: 'rotate' | 'import' | 'rotate immediately';
}

/** A world in which nodes live by one ring. Instants count from 0, in true time. */
export interface WorldPlan {
  readonly durations: KeyDurations;
  /** How long a token lives. */
  readonly tokenSeconds: number;
  /** One clock for each node, wrong by so many seconds. */
  readonly clockErrors: readonly number[];
  readonly troubles: readonly Trouble[];
  readonly orders: readonly Order[];
  readonly seconds: number;
}

interface Node {
  readonly error: number;
  view: Ring;
  readAt: number;
}

interface Snapshot {
  readonly at: number;
  readonly keptUntil: number;
  readonly kids: ReadonlySet<string>;
}

const START = 1_800_000_000;
/** Not all nodes read in the same second, and one only just often enough to count as connected. */
const READS_EVERY: readonly number[] = [1, 3, CONNECTED_SECONDS + 1];

interface World {
  readonly node: Node;
  /** In true time. */
  readonly at: number;
  /** By the clock of the node. */
  readonly now: number;
}

/**
 * Lives through a world second by second and gives what went wrong in it, in words. Verifiers are as bad as
 * is allowed: each key set that any node has served is kept as long as its max-age said, and held
 * against every token alive. Nodes are as bad as is allowed: each signs by what it read up to 5 s ago, and
 * finishes requests with the key it began with for half a minute.
 */
export function liveThrough(world: WorldPlan): readonly string[] {
  const { durations, seconds } = world;
  const plan = plansOf(durations)('ES256');
  const makeKey = createKeyNames();
  const wrong = new Set<string>();
  const verifiers = createVerifiers(world, wrong);
  let truth = bornRing(plan, makeKey(), START);
  const nodes: Node[] = world.clockErrors.map((error) => ({ error, view: truth, readAt: 0 }));

  const swap = (node: Node, next: Ring | undefined): void => {
    if (!next || node.view !== truth) return;
    truth = next;
    node.view = next;
  };
  const tend = ({ node, now }: World): void => {
    const tidy = tidied(node.view, plan, { now, wanted: true });
    const due = dueKey(tidy, plan, now);
    swap(node, due ? withKey(tidy, plan, makeKey(), due) : tidy);
  };
  const obey = ({ node, now }: World, { kind }: Order): void => {
    const order = { now, immediately: kind === 'rotate immediately', spare: makeKey() };
    if (kind === 'import') swap(node, imported(node.view, plan, order.spare, now));
    else swap(node, hastened(node.view, plan, order)?.ring);
  };
  const live = (index: number, moment: World): void => {
    const { node, at } = moment;
    const trouble = troubleOf(world, index, at);
    if (trouble === 'off') return;
    if (!trouble && at % (READS_EVERY[index] ?? 1) === 0) {
      node.view = truth;
      node.readAt = at;
    }
    const isConnected = at - node.readAt <= CONNECTED_SECONDS;
    if (isConnected && !trouble) {
      const orders = world.orders.filter((order) => order.at === at && index === 0);
      for (const order of orders) obey(moment, order);
      tend(moment);
    }
    if (isConnected) sign(moment, verifiers, wrong);
    verifiers.fetch(moment);
  };

  for (let at = 0; at < seconds; at += 1) {
    for (const [index, node] of nodes.entries())
      live(index, { node, at, now: START + at + node.error });
    verifiers.check(at);
  }
  if (!signerOf(truth, { now: START + seconds, wanted: true }))
    wrong.add('no key signs at the end');
  return [...wrong];
}

interface Verifiers {
  /** A token was signed by `kid`. */
  accept(kid: string, world: World): void;
  /** The key set of a node is fetched, if it may still be believed. */
  fetch(world: World): void;
  check(at: number): void;
}

function createVerifiers({ durations, tokenSeconds }: WorldPlan, wrong: Set<string>): Verifiers {
  const aliveUntil = new Map<string, number>();
  let snapshots: readonly Snapshot[] = [];
  return {
    accept(kid, { node, at }) {
      // A verifier's clock may be as far behind as is allowed.
      const until = at + node.error + tokenSeconds + durations.clockTolerance / 2;
      aliveUntil.set(kid, Math.max(until, aliveUntil.get(kid) ?? 0));
    },
    fetch({ node, at, now }) {
      const age = at - node.readAt;
      if (age > durations.jwksMaxAge + CONNECTED_SECONDS) return;
      const maxAge = durations.jwksMaxAge - Math.max(0, age - CONNECTED_SECONDS);
      const look = { now, wanted: true };
      const keys = node.view.keys.filter((key) => phaseOf(node.view, key, look) !== 'gone');
      const kids = new Set(keys.map(({ kid }) => kid));
      snapshots = [...snapshots, { at, keptUntil: at + maxAge, kids }];
    },
    check(at) {
      snapshots = snapshots.filter(({ keptUntil }) => keptUntil >= at);
      const alive = [...aliveUntil].filter(([, until]) => until > at).map(([kid]) => kid);
      for (const kid of alive) {
        const stranger = snapshots.find(({ kids }) => !kids.has(kid));
        if (stranger)
          wrong.add(`${kid} is not in a key set of ${at - stranger.at} s ago, at ${at}`);
      }
    },
  };
}

/** Signs by every key that this node may use at this moment. */
function sign(world: World, verifiers: Verifiers, wrong: Set<string>): void {
  const { node, now } = world;
  const { view } = node;
  const signers = view.keys.filter(
    (key) => phaseOf(view, key, { now, wanted: true }) === 'signing',
  );
  if (signers.length !== 1) wrong.add(`${signers.length} keys sign`);
  const finishing = view.keys.filter(
    (key) => key.signsFrom <= now && now < signsUntil(view, key) + IN_FLIGHT_SECONDS,
  );
  for (const { kid, sealed } of new Set([...signers, ...finishing])) {
    if (sealed === undefined) wrong.add(`${kid} signs, but its private half is gone`);
    verifiers.accept(kid, world);
  }
}

function troubleOf(world: WorldPlan, node: number, at: number): Trouble['kind'] | undefined {
  return world.troubles.find(
    (trouble) => trouble.node === node && trouble.at <= at && at < trouble.at + trouble.seconds,
  )?.kind;
}
