import type { Clients } from '../clients/clients.ts';
import {
  RevocationUnconfirmed,
  type Receipt,
  type Revocation,
  type Revoked,
} from '../revocation/revocation.ts';
import { sectorsOf } from './sectors.ts';
import type { Subjects } from './subjects.ts';

/**
 * A revocation that takes back everything of a person, or of a session, under each name that it has: one entry
 * for each sector, so that a reader in one can test the handles it holds and learns none of another's.
 */
export function tellSectors<Room extends Revocation>(
  revocation: Room,
  options: { readonly clients: Pick<Clients, 'pairwise'>; readonly subjects: Subjects },
): Room {
  async function revoke(
    what: Revoked,
    details: Parameters<Revocation['revoke']>[1],
  ): Promise<Receipt> {
    // Its own name first: what our endpoints go by does not wait for the list of clients.
    const own = revocation.revoke(what, details);
    if (what.kind !== 'account' && what.kind !== 'session') return await own;
    const others = otherNames(what, options).then((names) =>
      Promise.all(names.map((name) => revocation.revoke(name, details))),
    );
    const [receipt, told] = await bothOf(own, others);
    // All stand when the last does.
    return [receipt, ...told].reduce((one, other) => (other.number > one.number ? other : one));
  }
  return { ...revocation, revoke };
}

/** Both are seen to their end. Of two failures the one counts that leaves more to be done. */
async function bothOf<One, Other>(
  one: Promise<One>,
  other: Promise<Other>,
): Promise<readonly [One, Other]> {
  const [first, second] = await Promise.allSettled([one, other]);
  const failures: readonly unknown[] = [first, second].flatMap((ended) =>
    ended.status === 'rejected' ? [ended.reason] : [],
  );
  const worst = failures.find(
    (failure) => !(failure instanceof RevocationUnconfirmed && failure.isKept),
  );
  if (failures.length > 0) throw worst ?? failures[0];
  return [await one, await other];
}

async function otherNames(
  what: Extract<Revoked, { kind: 'account' | 'session' }>,
  {
    clients,
    subjects,
  }: { readonly clients: Pick<Clients, 'pairwise'>; readonly subjects: Subjects },
): Promise<readonly Revoked[]> {
  try {
    const sectors = sectorsOf(await clients.pairwise());
    return await Promise.all(
      sectors.map(async (sector): Promise<Revoked> =>
        what.kind === 'account'
          ? { kind: 'account', accountId: await subjects.of(sector, what.accountId) }
          : { kind: 'session', sessionUid: await subjects.hide(sector, what.sessionUid) },
      ),
    );
  } catch (error) {
    // Told under one name only: whoever asked has to ask again.
    throw new RevocationUnconfirmed(false, { cause: error });
  }
}
