import type { Account } from '../accounts/accounts.ts';
import { RecordConflict, type Records } from '../storage/records.ts';
import type { PasskeyTable } from '../storage/tables.ts';
import type { FactorParts } from './factor-options.ts';
import { holderOf, holdHolder } from './holder-queries.ts';
import { deviceOfAaguid } from './passkey-devices.ts';
import { ALGORITHMS, jsonOf, TIMEOUT_MS, webauthn } from './passkey-ceremony.ts';
import { isPasskeyName } from './passkey-name.ts';
import { insertPasskey, passkeysOf } from './passkey-queries.ts';
import { createRegistrationReader } from './passkey-registration.ts';
import { descriptorOf, passkeyOf } from './passkey-row.ts';
import type { Passkeys } from './passkeys.ts';
import type { RelyingParty } from './relying-party.ts';
import { activeAccount } from './standing.ts';
import { newUserHandle } from './user-handle.ts';

/** More than anybody has, and few enough to name them all to a browser. */
const PASSKEYS_MAX = 30;
const UNNAMED = 'Passkey';

/** How passkeys are made. */
export function createPasskeyEnrolment(
  parts: FactorParts,
  relyingParty: RelyingParty,
): Pick<Passkeys, 'beginEnrolment' | 'finishEnrolment'> {
  const { records, audit, accounts } = parts;
  const { queries } = records;
  const read = createRegistrationReader(parts, relyingParty);
  const mayEnrol = async (accountId: string): Promise<Account | undefined> =>
    relyingParty.available ? await activeAccount(accounts, accountId) : undefined;

  return {
    async beginEnrolment(accountId) {
      const account = await mayEnrol(accountId);
      const rows = account && (await records.all(passkeysOf(queries, accountId)));
      if (!account || !rows || rows.length >= PASSKEYS_MAX) return undefined;
      const { generateRegistrationOptions } = await webauthn();
      const options = await generateRegistrationOptions({
        rpID: relyingParty.id,
        rpName: relyingParty.name,
        userID: bytesOf(await userHandleOf(accountId)),
        ...namesOf(account),
        timeout: TIMEOUT_MS,
        attestationType: 'none',
        excludeCredentials: rows.map(descriptorOf),
        authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
        supportedAlgorithmIDs: [...ALGORITHMS],
      });
      return { options: jsonOf(options), challenge: options.challenge };
    },

    async finishEnrolment(answer) {
      const { accountId, actor } = answer;
      const made = await read(answer);
      if (made === undefined || (await mayEnrol(accountId)) === undefined) return undefined;
      if ((await records.all(passkeysOf(queries, accountId))).length >= PASSKEYS_MAX)
        return undefined;
      const name = nameOf(answer.name, made.row.aaguid);
      const row = { ...made.row, account_id: accountId, name };
      if (!(await insertOnce(records, row))) return undefined;
      const { by, origin } = actor;
      const about = { factor: 'passkey', factorId: row.id, accountId, by, origin } as const;
      await audit.record({ type: 'factor.added', ...about });
      return { ...passkeyOf(row), userVerified: made.userVerified };
    },
  };

  async function userHandleOf(accountId: string): Promise<string> {
    await records.write(
      holdHolder(queries, { account_id: accountId, user_handle: newUserHandle() }),
    );
    const row = await records.first(holderOf(queries, accountId));
    // Gone again when the account is deleted in this moment: then nothing comes of the enrolment anyway.
    return row?.user_handle ?? newUserHandle();
  }
}

/** False: the id is taken, by whomever. */
async function insertOnce(records: Records, row: PasskeyTable): Promise<boolean> {
  try {
    await records.write(insertPasskey(records.queries, row));
    return true;
  } catch (error) {
    if (error instanceof RecordConflict) return false;
    throw error;
  }
}

/** What the passkey's owner sees when they pick it. */
function namesOf({ email, username, id, claims }: Account): {
  userName: string;
  userDisplayName: string;
} {
  const userName = email ?? username ?? id;
  const { name } = claims;
  return { userName, userDisplayName: typeof name === 'string' ? name : userName };
}

function nameOf(given: string | undefined, aaguid: string): string {
  if (given !== undefined && isPasskeyName(given)) return given.trim();
  return deviceOfAaguid(aaguid)?.name ?? UNNAMED;
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, 'base64url'));
}
