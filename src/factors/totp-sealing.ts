import { z } from 'zod';
import { SealBroken, type Sealer } from '../runtime/sealing.ts';

const enrolment = z.strictObject({ id: z.string(), secret: z.string() });

/** A secret that has not been shown to work yet. */
export type OpenEnrolment = z.output<typeof enrolment>;

/** Seals secrets of authenticator apps, each for one account alone. */
export interface TotpSealing {
  seal(secret: string, accountId: string): string;
  /** @throws {SealBroken} when the master key that sealed it is not known any more, or the row was changed. */
  open(sealed: string, accountId: string): string;
  sealEnrolment(open: OpenEnrolment, accountId: string): string;
  /** Undefined: not one of ours, or of another account. */
  openEnrolment(sealed: string, accountId: string): OpenEnrolment | undefined;
}

/** Under the master key of the installation. */
export function createTotpSealing(sealer: Sealer): TotpSealing {
  const atRest = (accountId: string): string => `totp ${accountId}`;
  const underWay = (accountId: string): string => `totp-enrolment ${accountId}`;
  const opened = (sealed: string, context: string): string =>
    Buffer.from(sealer.open(sealed, context)).toString('utf8');
  return {
    seal: (secret, accountId) => sealer.seal(Buffer.from(secret, 'utf8'), atRest(accountId)),
    open: (sealed, accountId) => opened(sealed, atRest(accountId)),
    sealEnrolment: (open, accountId) =>
      sealer.seal(Buffer.from(JSON.stringify(open), 'utf8'), underWay(accountId)),
    openEnrolment(sealed, accountId) {
      try {
        return enrolment.parse(JSON.parse(opened(sealed, underWay(accountId))));
      } catch (error) {
        // It comes back out of a flow: one that was begun for somebody else must read like a wrong code.
        if (error instanceof SealBroken) return undefined;
        throw error;
      }
    },
  };
}
