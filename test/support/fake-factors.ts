import type { Factors, FactorSummary } from '../../src/factors/factors.ts';

/** Nobody has anything beside a password. */
const NO_FACTORS: FactorSummary = {
  password: true,
  passkeys: [],
  totp: undefined,
  recoveryCodes: 0,
  verifiedEmail: undefined,
};

/** The room with what a test needs of it; the rest must not be called. */
export function fakeFactors(parts: Partial<Factors>): Factors {
  const beyond = (): never => {
    throw new Error('the test does not expect that of factors');
  };
  const passkeys: Factors['passkeys'] = {
    available: false,
    beginEnrolment: beyond,
    finishEnrolment: beyond,
    beginCheck: beyond,
    finishCheck: beyond,
    list: beyond,
    rename: beyond,
    remove: beyond,
  };
  return {
    passkeys,
    totp: {
      beginEnrolment: beyond,
      finishEnrolment: beyond,
      check: beyond,
      carried: beyond,
      remove: beyond,
    },
    recoveryCodes: { renew: beyond, check: beyond, left: beyond, remove: beyond },
    smsCodes: { issue: beyond, check: beyond },
    emailCodes: { issue: beyond, check: beyond, reveal: beyond, isWaiting: beyond },
    devices: {
      remember: beyond,
      isRemembered: beyond,
      list: beyond,
      forget: beyond,
      forgetAll: beyond,
    },
    of: async () => NO_FACTORS,
    removeAll: beyond,
    failures: beyond,
    forgive: beyond,
    reseal: beyond,
    ...parts,
  };
}
