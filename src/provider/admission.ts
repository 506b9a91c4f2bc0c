import type { Revocation } from '../revocation/revocation.ts';
import type { Clock } from '../runtime/clock.ts';
import { SigningSuspended } from '../signing-keys/faults.ts';
import type { SigningKeys } from '../signing-keys/signing-keys.ts';
import { BACKCHANNEL_PATH, DEVICE_PATHS, ROUTES } from './routes.ts';
import type { RequestState } from './store/request-state.ts';

const ISSUING = new RegExp(
  `^(?:(?:${ROUTES.authorization}|${DEVICE_PATHS.verification})(?:/|$)|(?:${ROUTES.token}|${BACKCHANNEL_PATH})$)`,
);
/** After an outage, for how long this node makes sure that the state answers before it issues anything. */
const WARY_MS = 5000;

/** Whether this node may issue anything now. */
export interface Admission {
  /**
   * The revocation mark of what this request is going to issue; undefined for one that issues nothing.
   * Asked before account, client and grant are read: whatever is revoked from then on is newer.
   *
   * @throws {RevocationUnknown} {SigningSuspended} {StateUnavailable} when nothing may be issued.
   */
  markFor(path: string): Promise<string | undefined>;
  /** A request has met an outage. */
  noteOutage(): void;
}

/** What issues is known by its path. */
export function createAdmission(options: {
  readonly revocation: Revocation;
  readonly signingKeys: SigningKeys;
  readonly state: RequestState;
  readonly clock: Clock;
}): Admission {
  const { revocation, signingKeys, state, clock } = options;
  let wariness = 0;

  async function assureSigning(): Promise<void> {
    if (signingKeys.health().maySign) return;
    // It may only have stood still, as in a machine that slept.
    await signingKeys.catchUp();
    if (!signingKeys.health().maySign)
      throw new SigningSuspended('this node is cut off from the rings of keys and signs nothing');
  }

  return {
    async markFor(path) {
      if (!ISSUING.test(path)) return undefined;
      const mark = revocation.stamp();
      // Before anything is redeemed that could not be signed for at the end.
      if (path === ROUTES.token) await assureSigning();
      // A client's own JWT needs nothing from the state, so it would still be issued for the moment in which
      // nobody but this node's other requests has noticed that the state is gone.
      if (clock.nowMs() < wariness) await state.refresh('probe');
      return mark;
    },
    noteOutage() {
      wariness = clock.nowMs() + WARY_MS;
    },
  };
}
