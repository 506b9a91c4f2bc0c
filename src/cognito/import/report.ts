/** What became of one kind of thing. */
export interface Fates {
  /** Made, or in a dry run: could be. */
  readonly made: number;
  /** Were there already: left as they are. */
  readonly present: number;
  readonly refused: number;
}

/** Why something was not carried. */
export interface Refusal {
  /** Kind and name: `user ann`. */
  readonly what: string;
  readonly problem: string;
}

/** What became of an export. */
export interface ImportReport {
  readonly pool: string;
  readonly pools: Fates;
  readonly clients: Fates;
  readonly groups: Fates;
  readonly users: Fates;
  /** Users without a verified address: only an operator can give them a password. */
  readonly unreachable: number;
  /** Settings and attributes that have no place here, with the number of those who had them. */
  readonly lost: Readonly<Record<string, number>>;
  readonly refusals: readonly Refusal[];
}

type Kind = 'pools' | 'clients' | 'groups' | 'users';
type Fate = keyof Fates;

/** Counts as it goes. */
export interface Counting {
  count(kind: Kind, fate: Fate): void;
  refuse(kind: Kind, name: string, problem: string): void;
  lose(names: readonly string[]): void;
  unreachable(): void;
  report(pool: string): ImportReport;
}

/** Refusals that a report holds; beyond them they are only counted. */
const REFUSALS_KEPT = 1000;

export function createCounting(onRefused: (refusal: Refusal) => void): Counting {
  const none = (): Record<Fate, number> => ({ made: 0, present: 0, refused: 0 });
  const fates = { pools: none(), clients: none(), groups: none(), users: none() };
  const lost = new Map<string, number>();
  const refusals: Refusal[] = [];
  let unreachable = 0;
  return {
    count: (kind, fate) => void (fates[kind][fate] += 1),
    refuse(kind, name, problem) {
      fates[kind].refused += 1;
      const refusal = { what: `${kind.slice(0, -1)} ${name}`, problem };
      if (refusals.length < REFUSALS_KEPT) refusals.push(refusal);
      onRefused(refusal);
    },
    lose(names) {
      for (const name of names) lost.set(name, (lost.get(name) ?? 0) + 1);
    },
    unreachable: () => void (unreachable += 1),
    report: (pool) => ({
      pool,
      ...fates,
      unreachable,
      lost: Object.fromEntries([...lost].toSorted(([one], [other]) => (one < other ? -1 : 1))),
      refusals,
    }),
  };
}
