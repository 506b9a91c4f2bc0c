import type { PasskeyTable } from '../storage/tables.ts';
import type { FactorParts } from './factor-options.ts';
import { readRegistration } from './passkey-answers.ts';
import { ALGORITHMS, refusedOrDone, webauthn } from './passkey-ceremony.ts';
import type { RelyingParty } from './relying-party.ts';

/** What the answer of a browser says of a new passkey. */
interface Made {
  readonly row: Omit<PasskeyTable, 'account_id' | 'name'>;
  readonly userVerified: boolean;
}

/** Verifies answers of browsers that made a passkey. Undefined: refused. */
export function createRegistrationReader(
  { clock, logger }: FactorParts,
  relyingParty: RelyingParty,
): (given: {
  readonly challenge: string;
  readonly response: unknown;
}) => Promise<Made | undefined> {
  return async ({ challenge, response }) => {
    const answer = await readRegistration(response);
    if (answer === undefined) return undefined;
    const { verifyRegistrationResponse } = await webauthn();
    const done = await refusedOrDone(logger, () =>
      verifyRegistrationResponse({
        response: { ...answer, clientExtensionResults: {} },
        expectedChallenge: challenge,
        expectedOrigin: [...relyingParty.origins],
        expectedRPID: relyingParty.id,
        // It may stand beside a password; where it must do more, `finishCheck` is told so.
        requireUserVerification: false,
        supportedAlgorithmIDs: [...ALGORITHMS],
      }),
    );
    if (done?.verified !== true) return undefined;
    const { credential, aaguid, credentialDeviceType, credentialBackedUp, userVerified } =
      done.registrationInfo;
    const row = {
      id: credential.id,
      public_key: Buffer.from(credential.publicKey).toString('base64url'),
      counter: credential.counter,
      transports: JSON.stringify(answer.response.transports),
      aaguid,
      backup_eligible: credentialDeviceType === 'multiDevice' ? 1 : 0,
      backed_up: credentialBackedUp ? 1 : 0,
      created_at: clock.now(),
      last_used_at: null,
    };
    return { row, userVerified };
  };
}
