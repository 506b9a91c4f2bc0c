const DURATIONS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;
const SIZES = [
  ['GB', 1024 ** 3],
  ['MB', 1024 ** 2],
  ['KB', 1024],
  ['B', 1],
] as const;

/** Seconds as a setting would write them: 900 -> `15m`. */
export function durationText(seconds: number): string {
  return written(seconds, DURATIONS);
}

/** Bytes as a setting would write them: 65536 -> `64KB`. */
export function bytesText(bytes: number): string {
  return written(bytes, SIZES);
}

/** In the largest unit that leaves no remainder. */
function written(amount: number, units: readonly (readonly [string, number])[]): string {
  const fitting = units.find(([, factor]) => amount >= factor && amount % factor === 0);
  const [unit, factor] = fitting ?? units[units.length - 1] ?? ['', 1];
  return `${amount / factor}${unit}`;
}
