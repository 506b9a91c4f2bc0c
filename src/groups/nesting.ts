/** One group is in another. */
export interface Nesting {
  readonly inner: string;
  readonly outer: string;
}

/** How many groups may lie within one another. */
const DEPTH_MAX = 16;

/** Why `added` cannot come to `nestings`; undefined: it can. */
export function nestingProblem(nestings: readonly Nesting[], added: Nesting): string | undefined {
  const { inner, outer } = added;
  if (inner === outer) return 'a group cannot be in itself';
  const outward = lookup(nestings, 'inner', 'outer');
  const inward = lookup(nestings, 'outer', 'inner');
  if (reaches(outer, inner, outward))
    return `${outer} is in ${inner} already: it would be a circle`;
  const depth = levels(outer, outward) + levels(inner, inward);
  return depth > DEPTH_MAX
    ? `groups would lie in one another ${depth} deep, ${DEPTH_MAX} at most`
    : undefined;
}

type Lookup = (name: string) => readonly string[];

function lookup(nestings: readonly Nesting[], from: keyof Nesting, to: keyof Nesting): Lookup {
  const groups = Map.groupBy(nestings, (one) => one[from]);
  return (name) => (groups.get(name) ?? []).map((one) => one[to]);
}

function reaches(from: string, to: string, next: Lookup): boolean {
  const seen = new Set([from]);
  for (const name of seen) {
    if (name === to) return true;
    for (const further of next(name)) seen.add(further);
  }
  return false;
}

/** The length of the longest way from `name` on, itself counted. Two changes at once may have made a circle: it is cut. */
function levels(name: string, next: Lookup): number {
  const known = new Map<string, number>();
  const measure = (one: string): number => {
    const before = known.get(one);
    if (before !== undefined) return before;
    known.set(one, 0);
    const length = 1 + Math.max(0, ...next(one).map(measure));
    known.set(one, length);
    return length;
  };
  return measure(name);
}
