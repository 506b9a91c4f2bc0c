import type { Logger } from '../runtime/logger.ts';
import type { Records } from '../storage/records.ts';
import type { PasskeyTable } from '../storage/tables.ts';
import type { Verdict } from './counted-checks.ts';
import type { FactorParts } from './factor-options.ts';
import { holderOf } from './holder-queries.ts';
import { type AssertionAnswer, readAssertion } from './passkey-answers.ts';
import { jsonOf, refusedOrDone, TIMEOUT_MS, webauthn } from './passkey-ceremony.ts';
import { noteUse, passkeyById, passkeysOf } from './passkey-queries.ts';
import { descriptorOf } from './passkey-row.ts';
import type { PasskeyProven, Passkeys } from './passkeys.ts';
import type { RelyingParty } from './relying-party.ts';
import { activeAccount } from './standing.ts';

type Answer = Parameters<Passkeys['finishCheck']>[0];

const WRONG = { isRight: false, reason: 'credentials' } as const;

/** How passkeys are used. */
export function createPasskeyCheck(
  parts: FactorParts,
  relyingParty: RelyingParty,
): Pick<Passkeys, 'beginCheck' | 'finishCheck'> {
  const { records, clock, accounts, checks, logger } = parts;
  const { queries } = records;

  return {
    async beginCheck({ accountId, userVerification }) {
      const rows = accountId && (await records.all(passkeysOf(queries, accountId)));
      const { generateAuthenticationOptions } = await webauthn();
      const options = await generateAuthenticationOptions({
        rpID: relyingParty.id,
        timeout: TIMEOUT_MS,
        userVerification,
        ...(rows && { allowCredentials: rows.map(descriptorOf) }),
      });
      return { options: jsonOf(options), challenge: options.challenge };
    },

    finishCheck: (answer) =>
      checks.signature('passkey', answer, async () => {
        const read = readAssertion(answer.response);
        const row = read && (await records.first(passkeyById(queries, read.id)));
        if (!read || !row) return WRONG;
        if (!(await isOwners(records, row, read, answer)))
          return { ...WRONG, accountId: answer.accountId ?? row.account_id };
        return await judge(row, read, answer);
      }),
  };

  async function judge(
    row: PasskeyTable,
    read: AssertionAnswer,
    { challenge, userVerification }: Answer,
  ): Promise<Verdict<PasskeyProven>> {
    const { id, account_id: accountId } = row;
    const { verifyAuthenticationResponse } = await webauthn();
    const done = await refusedOrDone(logger, () =>
      verifyAuthenticationResponse({
        response: { ...read, response: responseOf(read), clientExtensionResults: {} },
        expectedChallenge: challenge,
        expectedOrigin: [...relyingParty.origins],
        expectedRPID: relyingParty.id,
        // Its counter is judged below, by the write that moves it on: of many at once one is right.
        credential: { id, publicKey: publicKeyOf(row), counter: 0 },
        requireUserVerification: userVerification === 'required',
      }),
    );
    if (done?.verified !== true) return { ...WRONG, accountId };
    if ((await activeAccount(accounts, accountId)) === undefined)
      return { isRight: false, reason: 'disabled', accountId };
    const { newCounter, userVerified, credentialBackedUp } = done.authenticationInfo;
    const use = { id, counter: newCounter, backedUp: credentialBackedUp, at: clock.now() };
    const [noted] = await records.write(noteUse(queries, use));
    if (noted?.rowsAffected !== 1) return cloned(logger, row);
    return {
      isRight: true,
      accountId,
      factorId: id,
      proven: { accountId, passkeyId: id, userVerified },
    };
  }
}

/** The passkey of whoever the flow is about; and where it says whose it is, it says the same as our records. */
async function isOwners(
  records: Records,
  row: PasskeyTable,
  { response: { userHandle } }: AssertionAnswer,
  { accountId }: Answer,
): Promise<boolean> {
  if (accountId !== undefined && accountId !== row.account_id) return false;
  // Only where it was looked up by the account may a passkey leave it out (WebAuthn level 3 section 7.2 step 6).
  if (!userHandle) return accountId !== undefined;
  const holder = await records.first(holderOf(records.queries, row.account_id));
  return holder?.user_handle === userHandle;
}

/** Two devices have one private key, or one answer came twice. */
function cloned(
  logger: Logger,
  { id, account_id: accountId }: PasskeyTable,
): Verdict<PasskeyProven> {
  logger.warn(
    { event: 'passkey.cloned', accountId, passkeyId: id },
    'the counter of a passkey went back: somebody may have a copy of it',
  );
  return { isRight: false, reason: 'cloned', accountId };
}

function responseOf({ response }: AssertionAnswer): {
  clientDataJSON: string;
  authenticatorData: string;
  signature: string;
} {
  const { clientDataJSON, authenticatorData, signature } = response;
  return { clientDataJSON, authenticatorData, signature };
}

function publicKeyOf({ public_key: key }: PasskeyTable): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(key, 'base64url'));
}
