import { SealBroken } from '../runtime/sealing.ts';
import type { CognitoUserTable } from '../storage/tables.ts';
import { poolNameOf } from './pool.ts';
import type { Room } from './room.ts';
import { createSrp, type Verifier } from './srp.ts';
import { keepVerifier } from './user-queries.ts';
import type { PoolUser } from './users.ts';

/** Verifiers at rest: sealed, since one is as cheap to guess at as a fast hash. */
export interface SrpSecrets {
  /** Undefined: no password has passed by in clear yet. */
  of(user: Pick<PoolUser, 'row'>): Verifier | undefined;
  /** Of a password that is the account's, as it was when `user` was read: another one set meanwhile keeps it out. */
  keep(user: PoolUser, password: string): Promise<void>;
}

export function createSrpSecrets({
  records,
  sealer,
}: Pick<Room, 'records' | 'sealer'>): SrpSecrets {
  const srp = createSrp();
  return {
    of({ row }) {
      const { srp_salt: salt, srp_verifier_sealed: sealed } = row;
      if (salt === null || sealed === null) return undefined;
      try {
        const verifier = Buffer.from(sealer.open(sealed, verifierContext(row))).toString('hex');
        return { salt, verifier };
      } catch (error) {
        // Sealed under a master key that is gone: the next password in clear makes another.
        if (error instanceof SealBroken) return undefined;
        throw error;
      }
    },
    async keep({ pool, row }, password) {
      const { salt, verifier } = srp.verifierOf(`${poolNameOf(pool)}${row.username}`, password);
      const sealed = sealer.seal(Buffer.from(verifier, 'hex'), verifierContext(row));
      await records.write(
        keepVerifier(records.queries, { ...row, srp_salt: salt, srp_verifier_sealed: sealed }),
      );
    },
  };
}

/** What a user's sealed verifier is bound to. */
export function verifierContext({
  pool_id: poolId,
  account_id: accountId,
}: Pick<CognitoUserTable, 'pool_id' | 'account_id'>): string {
  return `cognito-srp ${poolId} ${accountId}`;
}
