import type { Command } from 'commander';
import { invitationUrl, readInvitation, type Invitation } from '../accounts/invitation.ts';
import { foldEmail } from '../accounts/login.ts';
import { sha256 } from '../runtime/digest.ts';
import type { RoleKey } from '../groups/groups.ts';
import { roleInWords } from '../groups/rows.ts';
import type { Json, JsonObject } from '../runtime/json.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import { instant, json, plain, type Output } from './output.ts';
import type { PeopleRooms } from './people-rooms.ts';
import { CLI_ACTOR, withRooms, type OpenRooms } from './rooms.ts';
import { jsonObject, keptRole, roleKeys } from './values.ts';

interface Flags {
  readonly username?: string;
  readonly claims?: JsonObject;
  readonly attributes?: JsonObject;
  readonly group?: readonly string[];
  readonly role?: readonly RoleKey[];
  readonly language?: readonly string[];
  /** False by `--no-letter`. */
  readonly letter: boolean;
  readonly revoke?: true;
  readonly json?: true;
}

/** As long as a ticket of this kind is good. */
const DAYS = 7;

/** Nobody can be invited so. */
class UnfitInvitation extends LatchkeyError {
  readonly code = 'ERR_UNFIT_INVITATION';
}

/** Adds `person invite`. */
export function registerInvite(person: Command, open: OpenRooms<PeopleRooms>): void {
  person
    .command('invite')
    .description('Sends somebody a letter with a link by which they make their account.')
    .argument('<address>', 'e-mail address')
    .option('--username <name>', 'name to sign in with')
    .option('--claims <json>', 'standard claims: {"given_name":"Ada"}', jsonObject)
    .option('--attributes <json>', 'attributes: {"department":"Sales"}', jsonObject)
    .option('--group <name...>', 'groups that they will be in')
    .option(
      '--role <name...>',
      'roles that they will have: "reader=https://api.example.com", or a name alone for one of the installation',
      roleKeys,
    )
    .option('--language <tag...>', 'languages of the letter, the preferred first')
    .option('--no-letter', 'prints the link in place of sending it')
    .option('--revoke', 'takes back an invitation that was sent')
    .option('--json', 'print JSON')
    .action((address: string, flags: Flags) =>
      withRooms(open, async (rooms) => {
        const about = foldEmail(address);
        if (about === undefined)
          throw new UnfitInvitation(`"${plain(address)}" is no e-mail address`);
        await (flags.revoke
          ? takeBack(rooms, about, flags)
          : invite(rooms, { address, about, flags }));
      }),
    );
}

async function takeBack(
  { tickets, print }: PeopleRooms & Output,
  about: string,
  flags: Flags,
): Promise<void> {
  await tickets.withdraw('invitation', about);
  print(
    flags.json ? json({ withdrawn: about }) : `No invitation of ${plain(about)} is good any more.`,
  );
}

async function invite(
  rooms: PeopleRooms & Output,
  asked: { readonly address: string; readonly about: string; readonly flags: Flags },
): Promise<void> {
  const { address, about, flags } = asked;
  const payload = await invitationOf(rooms, address, flags);
  const { token, expiresAt } = await rooms.tickets.issue({ kind: 'invitation', about, payload });
  const url = invitationUrl(rooms.profile.issuer, token);
  if (flags.letter) {
    await rooms.mail.send({
      to: address,
      name: 'invitation',
      data: { url, days: DAYS, inviter: '' },
      languages: flags.language ?? [],
    });
  }
  const { by, origin } = CLI_ACTOR;
  await rooms.audit.record({ type: 'account.invited', by, origin, invitation: sha256(about) });
  // Whoever has the link may make the account: it is shown only where no letter takes it there.
  const link = flags.letter ? {} : { url };
  if (flags.json) rooms.print(json({ email: address, expiresAt, ...link }));
  else rooms.print(words(address, expiresAt, flags.letter ? undefined : url));
}

async function invitationOf(rooms: PeopleRooms, email: string, flags: Flags): Promise<JsonObject> {
  const { username, claims = {}, attributes = {}, group = [], role = [] } = flags;
  const account = { email, username, claims, attributes };
  // What is required and missing is asked of the person.
  const unfit = await rooms.accounts.check(account);
  const problems = [
    ...unfit.filter((one) => !one.endsWith(': is missing')),
    ...(await missingOf(rooms, { group, role })),
  ];
  const payload: Json = {
    ...(username !== undefined && { username }),
    email,
    claims,
    attributes,
    groups: group,
    // Left out for nodes of an earlier version, which would not know it.
    ...(role.length > 0 && { roles: role.map(keptRole) }),
  };
  const invitation: Invitation | undefined = readInvitation(payload);
  if (problems.length > 0 || invitation === undefined)
    throw new UnfitInvitation(problems.join('; ') || 'the invitation cannot be read');
  return payload;
}

async function missingOf(
  { groups }: PeopleRooms,
  { group, role }: Required<Pick<Flags, 'group' | 'role'>>,
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const name of group) {
    if ((await groups.find(name)) === undefined)
      problems.push(`group: there is no "${plain(name)}"`);
  }
  for (const key of role) {
    if ((await groups.roles.find(key)) === undefined)
      problems.push(`role: there is no "${plain(roleInWords(key))}"`);
  }
  return problems;
}

function words(address: string, expiresAt: number, url: string | undefined): string {
  const until = `good until ${instant(expiresAt)}, for one use`;
  return url === undefined
    ? `An invitation is on its way to ${plain(address)}: ${until}.`
    : `Hand this link to ${plain(address)} alone, ${until}:\n\n${url}`;
}
