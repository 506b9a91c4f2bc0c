import type {
  Held,
  Ownership,
  Path,
  PermissionKey,
  Question,
  Rights,
  RoleKey,
  Step,
} from './groups.ts';

/** A group that the person, or a group, is in. */
export interface Membership {
  /** The group that is the member; undefined: the person. */
  readonly of: string | undefined;
  readonly group: string;
}

/** A role that the person, or a group, was given. */
export interface Given {
  /** The group that holds it; undefined: the person. */
  readonly to: string | undefined;
  readonly role: RoleKey;
  readonly permissions: readonly string[];
}

/** What leads from one person to what they are and may do. It may go in circles, and hold what leads nowhere. */
export interface Ties {
  readonly memberships: readonly Membership[];
  readonly given: readonly Given[];
  /** What the person may do without a role. */
  readonly permitted: readonly PermissionKey[];
}

const PATHS_MAX = 20;
/** Ways that are looked at; beyond it a tangle of groups is explained in part. */
const LOOKS_MAX = 10_000;

/** All that follows of the ties of one person. */
export function heldBy(ties: Ties): Held {
  const groups = groupsReached(ties.memberships);
  const given = ties.given.filter(({ to }) => to === undefined || groups.has(to));
  return {
    rights: ({ api }) => rightsOf(groups, { ...ties, given }, api),
    explain: (question) => explain({ ...ties, given }, question),
    direct: () => directIn(ties),
    roles: () => given.map(({ role }) => role),
  };
}

function directIn({ memberships, given, permitted }: Ties): Ownership {
  return {
    permissions: permitted,
    groups: sorted(memberships.filter(({ of }) => of === undefined).map(({ group }) => group)),
    roles: given.filter(({ to }) => to === undefined).map(({ role }) => role),
  };
}

function groupsReached(memberships: readonly Membership[]): ReadonlySet<string> {
  const above = grouped(memberships, ({ of }) => of);
  const reached = new Set<string>();
  const waiting: (string | undefined)[] = [undefined];
  while (waiting.length > 0) {
    for (const { group } of above.get(waiting.pop()) ?? []) {
      if (reached.has(group)) continue;
      reached.add(group);
      waiting.push(group);
    }
  }
  return reached;
}

function rightsOf(
  groups: ReadonlySet<string>,
  { given, permitted }: Ties,
  api: string | undefined,
): Rights {
  const own = given.filter(({ role }) => role.api === api);
  const common = given.filter(({ role }) => role.api === undefined);
  return {
    groups: sorted(groups),
    roles: sorted([...own, ...common].map(({ role }) => role.name)),
    permissions: sorted([
      ...own.flatMap(({ permissions }) => permissions),
      ...permitted.filter((one) => one.api === api).map(({ name }) => name),
    ]),
  };
}

/** Every way without a circle, in the order of length, along steps from which the answer can be reached at all. */
function explain(ties: Ties, question: Question): readonly Path[] {
  const next = stepsFrom(ties);
  const useful = leadingTo(next, question);
  const found: Path[] = [];
  const waiting: Path[] = [[]];
  for (let looks = 0; looks < LOOKS_MAX && found.length < PATHS_MAX; looks += 1) {
    const path = waiting.shift();
    if (path === undefined) break;
    const last = path.at(-1);
    if (last !== undefined && answers(last, question)) found.push(path);
    const been = new Set(path.map(keyOf));
    for (const step of next.get(keyOf(last)) ?? []) {
      const key = keyOf(step);
      if (useful.has(key) && !been.has(key)) waiting.push([...path, step]);
    }
  }
  return found;
}

type Steps = ReadonlyMap<string, readonly Step[]>;

/** The steps that can be taken from each step, and from the person, each once. */
function stepsFrom({ memberships, given, permitted }: Ties): Steps {
  const steps = [
    ...memberships.map(({ of, group }) => ({ from: groupKey(of), to: groupStep(group) })),
    ...given.map(({ to, role }) => ({ from: groupKey(to), to: roleStep(role) })),
    ...given.flatMap(({ role, permissions }) =>
      permissions.map((name) => ({
        from: keyOf(roleStep(role)),
        to: { kind: 'permission', api: role.api, name } as const,
      })),
    ),
    ...permitted.map(({ api, name }) => ({
      from: keyOf(undefined),
      to: { kind: 'permission', api, name } as const,
    })),
  ];
  const once = new Map(steps.map((step) => [JSON.stringify([step.from, keyOf(step.to)]), step]));
  const bySource = grouped([...once.values()], ({ from }) => from);
  return new Map([...bySource].map(([from, list]) => [from, list.map(({ to }) => to)]));
}

/** The keys of all steps that answer, or from which one that does can be reached. */
function leadingTo(next: Steps, question: Question): ReadonlySet<string> {
  const all = [...next].flatMap(([from, steps]) => steps.map((to) => ({ from, to: keyOf(to) })));
  const before = grouped(all, ({ to }) => to);
  const ends = [...next.values()].flat().filter((step) => answers(step, question));
  const useful = new Set(ends.map(keyOf));
  const waiting = [...useful];
  while (waiting.length > 0) {
    for (const { from } of before.get(waiting.pop() ?? '') ?? []) {
      if (useful.has(from)) continue;
      useful.add(from);
      waiting.push(from);
    }
  }
  return useful;
}

function answers(step: Step, { name, api }: Question): boolean {
  if (step.name !== name) return false;
  return step.kind === 'group' || api === undefined || step.api === api;
}

function groupStep(name: string): Step {
  return { kind: 'group', name };
}

function roleStep({ api, name }: RoleKey): Step {
  return { kind: 'role', api, name };
}

function groupKey(name: string | undefined): string {
  return keyOf(name === undefined ? undefined : groupStep(name));
}

/** Of the person when there is no step. */
function keyOf(step: Step | undefined): string {
  if (step === undefined) return '';
  const { kind, name } = step;
  return JSON.stringify(kind === 'group' ? [kind, name] : [kind, name, step.api ?? null]);
}

function grouped<Item, Key>(
  items: readonly Item[],
  keyIn: (item: Item) => Key,
): ReadonlyMap<Key, readonly Item[]> {
  return Map.groupBy(items, keyIn);
}

function sorted(names: Iterable<string>): readonly string[] {
  return [...new Set(names)].toSorted();
}
