import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isMultiFactor, type Proof, type ProofMethod } from '../../../src/flows/proofs.ts';
import { nextStep, type Means, type Requirement } from '../../../src/flows/requirement.ts';
import { rounds } from '../../support/counts.ts';

const numRuns = rounds(2000, 100_000);
const METHODS: readonly ProofMethod[] = [
  'password',
  'passkey',
  'passkey-verified',
  'totp',
  'recovery-code',
  'email-code',
];
const proofs: fc.Arbitrary<readonly Proof[]> = fc
  .subarray([...METHODS])
  .map((methods) => methods.map((method) => ({ method, accountId: 'alice', at: 1 })));
const means: fc.Arbitrary<Means> = fc.record({
  passkeys: fc.nat({ max: 2 }),
  totp: fc.boolean(),
  recoveryCodes: fc.nat({ max: 10 }),
  emailCode: fc.boolean(),
});
const requirement: fc.Arbitrary<Requirement> = fc.record({
  policy: fc.constantFrom('never', 'if-enrolled', 'required'),
  isMultipleAsked: fc.boolean(),
  isDeviceKnown: fc.boolean(),
});

/** What a thief may have without anything of the person's: a password, or their mailbox. */
const STEALABLE: ReadonlySet<ProofMethod> = new Set(['password', 'email-code']);

function isBare({ passkeys, totp, emailCode }: Means): boolean {
  return passkeys === 0 && !totp && emailCode !== true;
}

describe('the next step of a sign-in', () => {
  test('is never the end before anything was proven, nor before what the client asks for', () => {
    fc.assert(
      fc.property(proofs, means, requirement, (proven, has, asked) => {
        const step = nextStep(proven, has, asked);
        if (proven.length === 0) expect(step).toEqual({ kind: 'identify' });
        if (asked.isMultipleAsked && !isMultiFactor(proven)) expect(step.kind).not.toBe('done');
      }),
      { numRuns },
    );
  });

  test('is the end without a second factor only where the policy, or the browser, spares it', () => {
    fc.assert(
      fc.property(proofs, means, requirement, (proven, has, asked) => {
        const { kind } = nextStep(proven, has, asked);
        if (kind !== 'done' || isMultiFactor(proven)) return;
        const isSpared = asked.policy === 'never' || asked.isDeviceKnown;
        const hasNone = asked.policy === 'if-enrolled' && isBare(has);
        // To what one has, an authenticator app adds nothing.
        const wouldAddNothing =
          has.passkeys === 0 && !proven.some(({ method }) => STEALABLE.has(method));
        expect(isSpared || hasNone || (asked.policy === 'if-enrolled' && wouldAddNothing)).toBe(
          true,
        );
      }),
      { numRuns },
    );
  });

  test('asks whoever has a second factor for it, and never has them set up another in its place', () => {
    const begun = fc.constantFrom<ProofMethod>(...STEALABLE);
    fc.assert(
      fc.property(begun, means, requirement, (method, has, asked) => {
        const kept = { ...has, emailCode: false };
        const { kind } = nextStep([{ method, accountId: 'alice', at: 1 }], kept, asked);
        if (!isBare(kept)) expect(kind).not.toBe('enrol');
        const isSpared = asked.policy === 'never' || asked.isDeviceKnown;
        if (!isBare(kept) && (asked.isMultipleAsked || !isSpared))
          expect(kind).toBe('second-factor');
      }),
      { numRuns },
    );
  });

  test('offers only what the account has, and what would be a second factor', () => {
    fc.assert(
      fc.property(proofs, means, requirement, (proven, has, asked) => {
        const step = nextStep(proven, has, asked);
        if (step.kind !== 'second-factor') return;
        expect(step.choices.length).toBeGreaterThan(0);
        for (const method of step.choices) {
          if (method === 'passkey') expect(has.passkeys).toBeGreaterThan(0);
          if (method === 'totp') expect(has.totp).toBe(true);
          if (method === 'email-code') expect(has.emailCode).toBe(true);
          if (method === 'recovery-code') expect(has.recoveryCodes).toBeGreaterThan(0);
        }
      }),
      { numRuns },
    );
  });
});
