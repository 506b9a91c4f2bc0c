import type { FactorParts } from './factor-options.ts';
import { createPasskeyCheck } from './passkey-check.ts';
import { createPasskeyEnrolment } from './passkey-enrolment.ts';
import { isPasskeyName } from './passkey-name.ts';
import { deletePasskey, passkeysOf, renamePasskey } from './passkey-queries.ts';
import { passkeyOf } from './passkey-row.ts';
import type { Passkeys } from './passkeys.ts';
import { relyingPartyOf } from './relying-party.ts';

/** Passkeys, one row each. */
export function createPasskeys(parts: FactorParts): Passkeys {
  const { records, audit, issuer, installationName } = parts;
  const { queries } = records;
  const relyingParty = relyingPartyOf({
    issuer,
    name: installationName,
    ...parts.settings.passkeys,
    rpId: parts.settings.passkeys.rpId,
  });

  return {
    available: relyingParty.available,
    ...createPasskeyEnrolment(parts, relyingParty),
    ...createPasskeyCheck(parts, relyingParty),

    async list(accountId) {
      return (await records.all(passkeysOf(queries, accountId))).map(passkeyOf);
    },

    async rename(accountId, id, name) {
      if (!isPasskeyName(name)) return false;
      const [written] = await records.write(renamePasskey(queries, { accountId, id }, name.trim()));
      return written?.rowsAffected === 1;
    },

    async remove(accountId, id, { by, origin }) {
      const [written] = await records.write(deletePasskey(queries, accountId, id));
      if (written?.rowsAffected !== 1) return false;
      const about = { factor: 'passkey', factorId: id, accountId, by, origin } as const;
      await audit.record({ type: 'factor.removed', ...about });
      return true;
    },
  };
}
