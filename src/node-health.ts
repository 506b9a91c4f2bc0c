import type { Rooms } from './compose.ts';
import type { Metrics } from './http/metrics.ts';
import type { HealthCheck } from './http/readiness.ts';
import { standingsOf } from './signing-keys/key-set.ts';
import type { SigningKeys } from './signing-keys/signing-keys.ts';
import type { StatusListsRoom } from './status-lists/create-status-lists.ts';

/** What must be well, by name. */
export type Checks = Readonly<Record<string, HealthCheck>>;

/** Asks the rooms that a node cannot serve without. */
export function checksOf(
  { state, records, revocation }: Rooms,
  signingKeys: SigningKeys,
  statusLists: StatusListsRoom | undefined,
): Checks {
  return {
    state: () => state.health(),
    records: () => records.health(),
    revocation: () => revocation.health(),
    signingKeys: () => {
      const { maySign, remarks } = signingKeys.health();
      return { ok: maySign, remarks };
    },
    ...(statusLists && { statusLists: statusLists.health }),
  };
}

/** Lets the metrics ask the rooms for figures. */
export function watch(
  metrics: Metrics,
  house: Pick<Rooms, 'revocation'> & {
    readonly signingKeys: SigningKeys;
    readonly statusLists: StatusListsRoom | undefined;
    readonly checks: Checks;
  },
): void {
  const { revocation, signingKeys, statusLists, checks } = house;
  metrics.watch({
    revocationNumber: () => revocation.health().number,
    statusLists: statusLists?.metrics,
    keys: () => standingsOf(signingKeys.current()),
    async health() {
      const asked = Object.entries(checks).map(
        async ([part, check]) => [part, (await check()).ok] as const,
      );
      return new Map(await Promise.all(asked));
    },
  });
}
