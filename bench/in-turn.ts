import { createLane } from './lane.ts';
import { type Measured, measure, median } from './load.ts';
import type { Scenario } from './scenarios.ts';
import type { StartedTarget } from './targets.ts';

/** A scenario that is ready to run against a target. */
export interface Prepared {
  readonly target: StartedTarget;
  readonly connections: number;
  readonly once: (lane: number) => Promise<void>;
  /** Called before each of its rounds. */
  readonly place?: () => void;
  readonly close: () => Promise<void>;
}

/** What is done sixty times a second is compiled to the end after so many: a sign-in takes a twentieth less from then on. */
const WARMUP_TIMES = 800;

/** How long each is measured, and how often; `warmup` and `seconds` of one round. */
export interface Lengths {
  readonly seconds: number;
  readonly rounds: number;
  readonly warmup: number;
}

/** Signs in whoever the scenario needs, over connections of its own. */
export async function prepare(
  scenario: Scenario,
  target: StartedTarget,
  connections: number,
): Promise<Prepared> {
  const lanes = Array.from({ length: connections }, () => createLane(target.origin));
  const once = await scenario.prepare(target, lanes);
  const close = async (): Promise<void> =>
    void (await Promise.all(lanes.map((lane) => lane.close())));
  return { target, connections, once, close };
}

/** Rounds alternate between the targets, so that whatever else the machine does meets all of them. */
export async function measureInTurn(
  prepared: readonly Prepared[],
  { seconds, rounds, warmup }: Lengths,
): Promise<readonly Measured[]> {
  const runs = prepared.map((): Measured[] => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, { target, connections, once, place }] of prepared.entries()) {
      place?.();
      const load = { connections, pids: target.pids };
      // A server runs for weeks: what its compiler does in the first seconds is not what a request costs.
      if (round === 0) await measure(once, { ...load, seconds: warmup, timesMin: WARMUP_TIMES });
      runs[index]?.push(await measure(once, { ...load, seconds }));
    }
  }
  return runs.map(median);
}
