/** Two ways to verify, one beside the other. */
export interface Compared {
  /** Verifications per second of CPU. */
  readonly perSecond: number;
  readonly basePerSecond: number;
  /** The median, over all rounds, of one to the other. */
  readonly ratio: number;
}

type Verify = (token: string) => Promise<unknown>;

const LANES = 16;
const WARM_UP_ROUNDS = 25;

/** Rounds alternate, and who begins does, so that whatever else the machine does meets both. */
export async function compare(
  base: Verify,
  other: Verify,
  load: { readonly tokens: readonly string[]; readonly rounds: number },
): Promise<Compared> {
  const rates: { readonly base: number; readonly other: number }[] = [];
  for (let round = -WARM_UP_ROUNDS; round < load.rounds; round += 1) {
    const isSwapped = round % 2 !== 0;
    const first = await ratePerSecond(isSwapped ? other : base, load.tokens);
    const second = await ratePerSecond(isSwapped ? base : other, load.tokens);
    if (round < 0) continue;
    rates.push(isSwapped ? { base: second, other: first } : { base: first, other: second });
  }
  return {
    perSecond: median(rates.map((rate) => rate.other)),
    basePerSecond: median(rates.map((rate) => rate.base)),
    ratio: median(rates.map((rate) => rate.other / rate.base)),
  };
}

/** CPU time, and not the clock's: the machine may have other work. */
async function ratePerSecond(verify: Verify, tokens: readonly string[]): Promise<number> {
  const began = process.cpuUsage();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < tokens.length) {
      const token = tokens[next] ?? '';
      next += 1;
      await verify(token);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const { user, system } = process.cpuUsage(began);
  return tokens.length / ((user + system) / 1e6);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
