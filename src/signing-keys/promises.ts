import { isForEncryption, type Plan } from './ring.ts';
import type { KeyAlgorithm } from './signing-keys.ts';

/** A node that has read the rings within this time counts as connected. */
export const CONNECTED_SECONDS = 5;
/** A request that is under way when its key stops signing may still finish with it. */
export const IN_FLIGHT_SECONDS = 30;

const PUBLISHED_MAX = 50;
const RETIRED_MAX = 200;

/** The durations of the settings, in seconds. */
export interface KeyDurations {
  readonly signFor: number;
  readonly publishAhead: number;
  readonly verifyFor: number;
  readonly hintsFor: number;
  readonly jwksMaxAge: number;
  readonly clockTolerance: number;
}

/** How long what is signed lives, over all clients, APIs and profiles. */
export interface Lifetimes {
  /** Of any token that is verified by the key set. */
  readonly longestTokenSeconds: number;
  /** Of a session, at whose end an `id_token_hint` from its beginning must still be understood. */
  readonly longestSessionSeconds: number;
}

/** A setting by which a promise would be broken. */
export interface SettingProblem {
  /** Below `signingKeys`. */
  readonly path: readonly string[];
  readonly message: string;
}

/** The plan of a ring. */
export type PlanFor = (algorithm: KeyAlgorithm) => Plan;

/** The plans that follow from the settings. */
export function plansOf(settings: KeyDurations): PlanFor {
  const [signing, encryption] = [planOf(settings), encryptionPlanOf(settings)];
  return (algorithm) => (isForEncryption(algorithm) ? encryption : signing);
}

/**
 * Whoever sees a key may encrypt to it at once, so every node holds it before it is shown; nobody has to know it
 * before. Once it is shown no longer it still reads, for what was encrypted and has not come yet.
 */
function encryptionPlanOf(settings: KeyDurations): Plan {
  const plan = planOf(settings);
  return {
    ...plan,
    hintsForSeconds: 0,
    knownAfterSeconds: plan.spreadSeconds,
    openForSeconds: Infinity,
  };
}

function planOf(settings: KeyDurations): Plan {
  const spreadSeconds = settings.clockTolerance + CONNECTED_SECONDS;
  const settleSeconds = settings.clockTolerance + IN_FLIGHT_SECONDS;
  return {
    signForSeconds: settings.signFor,
    publishAheadSeconds: settings.publishAhead,
    verifyForSeconds: settings.verifyFor,
    hintsForSeconds: settings.hintsFor,
    knownAfterSeconds: settings.jwksMaxAge + spreadSeconds,
    spreadSeconds,
    settleSeconds,
    openForSeconds: settleSeconds,
  };
}

/**
 * Every setting that would break a promise, each with the reason: a verifier that honours `jwksMaxAge`
 * would meet a token without knowing its key, a token would outlive its key, or a sign-out would not
 * understand its hint.
 */
export function checkKeyPromises(
  settings: KeyDurations,
  lifetimes: Lifetimes,
): readonly SettingProblem[] {
  return [...ringProblems(settings), ...lifetimeProblems(settings, lifetimes)];
}

/** The problems that the section shows by itself. */
export function ringProblems(settings: KeyDurations): readonly SettingProblem[] {
  const { knownAfterSeconds } = planOf(settings);
  const published = (settings.publishAhead + settings.verifyFor) / settings.signFor;
  const retired = settings.hintsFor / settings.signFor;
  return problems([
    [settings.signFor < 1, 'signFor', 'must be at least 1s'],
    [
      settings.publishAhead < knownAfterSeconds,
      'publishAhead',
      `must be at least ${knownAfterSeconds}s: verifiers keep a key set for jwksMaxAge (${settings.jwksMaxAge}s), clocks differ by clockTolerance (${settings.clockTolerance}s), nodes hear of a key within ${CONNECTED_SECONDS}s`,
    ],
    [
      published > PUBLISHED_MAX,
      'signFor',
      `is too short: publishAhead and verifyFor would keep more than ${PUBLISHED_MAX} keys in the key set`,
    ],
    [
      retired > RETIRED_MAX,
      'hintsFor',
      `is too long: more than ${RETIRED_MAX} retired keys would have to be kept`,
    ],
  ]);
}

function lifetimeProblems(settings: KeyDurations, lifetimes: Lifetimes): readonly SettingProblem[] {
  const { settleSeconds } = planOf(settings);
  const forTokens = lifetimes.longestTokenSeconds + settleSeconds;
  const forHints = lifetimes.longestSessionSeconds + settleSeconds;
  const margin = `clockTolerance (${settings.clockTolerance}s) and ${IN_FLIGHT_SECONDS}s for requests under way`;
  return problems([
    [
      settings.verifyFor < forTokens,
      'verifyFor',
      `must be at least ${forTokens}s: the longest token lives ${lifetimes.longestTokenSeconds}s, plus ${margin}`,
    ],
    [
      settings.verifyFor + settings.hintsFor < forHints,
      'hintsFor',
      `must be at least ${forHints - settings.verifyFor}s: with verifyFor it must cover the longest session (${lifetimes.longestSessionSeconds}s), plus ${margin}`,
    ],
  ]);
}

/** Comparisons with NaN are false, so that a value which was already refused is not told twice. */
function problems(
  checks: readonly (readonly [boolean, keyof KeyDurations, string])[],
): readonly SettingProblem[] {
  return checks
    .filter(([broken]) => broken)
    .map(([, name, message]) => ({ path: [name], message }));
}
