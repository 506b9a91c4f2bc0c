import type { Command } from 'commander';
import { recoveryUrl } from '../accounts/recovery-link.ts';
import type { FactorKind } from '../factors/factors.ts';
import { done, findPerson, nameOf, shown } from './find-person.ts';
import { limitJson, limitWords } from './limit-words.ts';
import { instant, json, plain } from './output.ts';
import type { PeopleRooms } from './people-rooms.ts';
import { removeFactors } from './remove-factors.ts';
import { CLI_ACTOR, withRooms, type OpenRooms } from './rooms.ts';

interface Flags {
  readonly requireNewPassword?: true;
  readonly removeFactors?: true;
  readonly link?: true;
  readonly json?: true;
}

/** Adds `person reset`. */
export function registerReset(person: Command, open: OpenRooms<PeopleRooms>): void {
  person
    .command('reset')
    .description('Forgets failed attempts, so that a person may try again at once.')
    .argument('<person>', 'id, e-mail address or username')
    .option('--require-new-password', 'the next sign-in by password has to end with a new one')
    .option(
      '--remove-factors',
      'takes passkeys, authenticator app and recovery codes away, and ends sessions',
    )
    .option('--link', 'prints a link by which they choose a new password')
    .option('--json', 'print JSON')
    .action((who: string, flags: Flags) =>
      withRooms(open, async (rooms) => {
        const { id } = await findPerson(rooms.accounts, who);
        const forgotten = await rooms.accounts.limits(id);
        const removed = await reset(rooms, { id, who, flags });
        const link = flags.link ? await makeLink(rooms, id) : undefined;
        const account = await findPerson(rooms.accounts, id);
        if (flags.json) {
          rooms.print(
            json({
              ...shown(account),
              forgotten: forgotten.map(limitJson),
              removedFactors: removed,
              ...(link && { recoveryUrl: link.url, recoveryUntil: link.expiresAt }),
            }),
          );
          return;
        }
        const name = plain(nameOf(account));
        rooms.print(
          [
            `Failed attempts of ${name} are forgotten${forgotten.length > 0 ? ':' : '.'}`,
            ...forgotten.map((limit) => `  ${plain(limitWords(limit))}`),
            ...(flags.requireNewPassword
              ? ['The next sign-in by password asks for a new one.']
              : []),
            ...(flags.removeFactors ? [`Taken away: ${removed.join(', ') || 'nothing'}.`] : []),
            ...(link
              ? [
                  `Hand this link to ${name} alone, good until ${instant(link.expiresAt)}, for one use:\n\n${link.url}`,
                ]
              : []),
          ].join('\n'),
        );
      }),
    );
}

async function reset(
  rooms: PeopleRooms,
  { id, who, flags }: { readonly id: string; readonly who: string; readonly flags: Flags },
): Promise<readonly FactorKind[]> {
  const { accounts, factors } = rooms;
  await done(accounts.resetLimits(id, CLI_ACTOR), who);
  await factors.forgive(id);
  if (flags.requireNewPassword) await done(accounts.requirePasswordChange(id, CLI_ACTOR), who);
  return flags.removeFactors ? await removeFactors(rooms, id) : [];
}

/** Whoever has it may choose a new password, once they have shown their second factor if they have one. */
async function makeLink(
  { tickets, audit, profile }: PeopleRooms,
  id: string,
): Promise<{ readonly url: string; readonly expiresAt: number }> {
  const { token, expiresAt } = await tickets.issue({ kind: 'recovery', about: id });
  await audit.record({ type: 'account.recovery_link_made', accountId: id, ...CLI_ACTOR });
  return { url: recoveryUrl(profile.issuer, token), expiresAt };
}
