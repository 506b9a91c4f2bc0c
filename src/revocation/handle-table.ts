/** The first 8 bytes of a digest, as two numbers. */
export interface Digest {
  readonly high: number;
  readonly low: number;
}

/** What is remembered of one handle. */
export interface Revocable extends Digest {
  readonly number: number;
  /** NumericDate at which it may be forgotten. */
  readonly expiresAt: number;
  /** NumericDate until which the feed tells of it. */
  readonly tellUntil: number;
}

/** Revoked handles, compact: 50 bytes for each of a million, where a Map of strings takes over 100. */
export interface HandleTable {
  /** Remembers a handle; again: the later number and times. */
  set(handle: Revocable): void;
  /** The number of the newest revocation of the handle; 0: it was not revoked. */
  numberOf(digest: Digest): number;
  /** Forgets what has expired in the next `slots` slots, so that no call takes long. */
  sweep(now: number, slots: number): void;
  clear(): void;
  size(): number;
  /** Memory held, in bytes. */
  bytes(): number;
  /** A copy of all that is held, which later changes do not touch. */
  copy(): Iterable<Revocable>;
}

const CAPACITY_MIN = 1024;
const LOAD_MAX = 0.7;
const LOAD_MIN = 0.1;

/** Columns side by side, because an object for each entry would cost more than what it holds. */
interface Columns {
  readonly mask: number;
  readonly high: Uint32Array;
  readonly low: Uint32Array;
  /** 0: the slot is free. */
  readonly expiresAt: Uint32Array;
  readonly tellUntil: Uint32Array;
  readonly number: Float64Array;
}

/**
 * An empty table with room for `expected` entries before it has to grow. Open addressing with linear
 * probing; the digest is random, so it is its own hash.
 */
export function createHandleTable(expected = 0): HandleTable {
  let columns = allocate(capacityFor(expected));
  let size = 0;
  let cursor = 0;

  function resize(capacity: number): void {
    const old = columns;
    columns = allocate(capacity);
    cursor = 0;
    for (const handle of held(old)) place(columns, handle);
  }

  function sweepSlot(now: number): void {
    const { expiresAt, mask } = columns;
    while (expiresAt[cursor] !== 0 && (expiresAt[cursor] ?? 0) < now) {
      free(columns, cursor);
      size -= 1;
    }
    cursor = (cursor + 1) & mask;
  }

  return {
    set(handle) {
      if (place(columns, handle)) size += 1;
      if (size > (columns.mask + 1) * LOAD_MAX) resize((columns.mask + 1) * 2);
    },

    numberOf(digest) {
      const slot = find(columns, digest);
      return columns.expiresAt[slot] === 0 ? 0 : (columns.number[slot] ?? 0);
    },

    sweep(now, slots) {
      for (let left = Math.min(slots, columns.mask + 1); left > 0; left -= 1) sweepSlot(now);
      const capacity = columns.mask + 1;
      if (capacity > CAPACITY_MIN && size < capacity * LOAD_MIN) resize(capacity / 2);
    },

    clear() {
      columns = allocate(CAPACITY_MIN);
      size = 0;
      cursor = 0;
    },

    size: () => size,
    bytes: () =>
      columns.high.byteLength +
      columns.low.byteLength +
      columns.expiresAt.byteLength +
      columns.tellUntil.byteLength +
      columns.number.byteLength,
    copy: () => held(copied(columns)),
  };
}

function capacityFor(expected: number): number {
  return Math.max(CAPACITY_MIN, 2 ** Math.ceil(Math.log2(expected / LOAD_MAX + 1)));
}

function allocate(capacity: number): Columns {
  return {
    mask: capacity - 1,
    high: new Uint32Array(capacity),
    low: new Uint32Array(capacity),
    expiresAt: new Uint32Array(capacity),
    tellUntil: new Uint32Array(capacity),
    number: new Float64Array(capacity),
  };
}

function copied({ mask, high, low, expiresAt, tellUntil, number }: Columns): Columns {
  return {
    mask,
    high: high.slice(),
    low: low.slice(),
    expiresAt: expiresAt.slice(),
    tellUntil: tellUntil.slice(),
    number: number.slice(),
  };
}

/** The slot of the digest, or the free one where it would go. There always is one: the table is never full. */
function find({ mask, high, low, expiresAt }: Columns, digest: Digest): number {
  let slot = digest.low & mask;
  while (expiresAt[slot] !== 0 && (low[slot] !== digest.low || high[slot] !== digest.high)) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

/** True: the handle is new. */
function place(columns: Columns, handle: Revocable): boolean {
  const slot = find(columns, handle);
  const isNew = columns.expiresAt[slot] === 0;
  columns.high[slot] = handle.high;
  columns.low[slot] = handle.low;
  columns.number[slot] = Math.max(columns.number[slot] ?? 0, handle.number);
  columns.expiresAt[slot] = Math.max(columns.expiresAt[slot] ?? 0, handle.expiresAt, 1);
  columns.tellUntil[slot] = Math.max(columns.tellUntil[slot] ?? 0, handle.tellUntil);
  return isNew;
}

/** Empties a slot and closes the hole: what was pushed past it moves back, or a probe would stop too early. */
function free(columns: Columns, emptied: number): void {
  const { mask, high, low, expiresAt, tellUntil, number } = columns;
  let hole = emptied;
  for (let slot = (hole + 1) & mask; expiresAt[slot] !== 0; slot = (slot + 1) & mask) {
    const home = (low[slot] ?? 0) & mask;
    // Its probe begins behind the hole: it stays.
    if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
    high[hole] = high[slot] ?? 0;
    low[hole] = low[slot] ?? 0;
    number[hole] = number[slot] ?? 0;
    expiresAt[hole] = expiresAt[slot] ?? 0;
    tellUntil[hole] = tellUntil[slot] ?? 0;
    hole = slot;
  }
  expiresAt[hole] = 0;
  tellUntil[hole] = 0;
  number[hole] = 0;
}

function* held({ high, low, expiresAt, tellUntil, number }: Columns): Generator<Revocable> {
  for (let slot = 0; slot < expiresAt.length; slot += 1) {
    if (expiresAt[slot] === 0) continue;
    yield {
      high: high[slot] ?? 0,
      low: low[slot] ?? 0,
      number: number[slot] ?? 0,
      expiresAt: expiresAt[slot] ?? 0,
      tellUntil: tellUntil[slot] ?? 0,
    };
  }
}
