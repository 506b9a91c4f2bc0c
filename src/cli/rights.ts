import type { Command } from 'commander';
import type { Account } from '../accounts/accounts.ts';
import type { ResourceServers } from '../clients/clients.ts';
import type { Path, Rights, Step } from '../groups/groups.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import type { GroupRooms } from './holders.ts';
import { fields, json, plain, type Output } from './output.ts';
import { findPerson } from './find-person.ts';
import { withRooms, type OpenRooms } from './rooms.ts';

/** What the command needs of an installation, running or not. */
export interface RightsRooms extends GroupRooms {
  readonly resourceServers: ResourceServers;
}

interface Flags {
  readonly api?: string;
  readonly why?: string;
  readonly json?: true;
}

type Opened = RightsRooms & Output;

/** The person is in no such group, and has no such role or permission. */
class NoSuchRight extends LatchkeyError {
  readonly code = 'ERR_NO_SUCH_RIGHT';
}

/** Adds `rights` to the commands about people. */
export function registerRightsCommand(person: Command, open: OpenRooms<RightsRooms>): void {
  person
    .command('rights')
    .description('Shows what a person is and may do, or by which ways.')
    .argument('<person>', 'id, e-mail address or username')
    .option('--api <identifier>', 'at this API alone; left out: everywhere')
    .option('--why <name>', 'explains a permission, a role or a group')
    .option('--json', 'print JSON')
    .action((who: string, flags: Flags) =>
      withRooms(open, (rooms) =>
        flags.why === undefined ? show(rooms, who, flags) : explain(rooms, who, flags.why, flags),
      ),
    );
}

async function show(rooms: Opened, who: string, flags: Flags): Promise<void> {
  const { accounts, groups, resourceServers, print } = rooms;
  const { id } = await findPerson(accounts, who);
  const held = await groups.held(id);
  const apis = flags.api === undefined ? resourceServers.list().map(identifierOf) : [flags.api];
  const common = held.rights({});
  const atApis = apis.map((api) => {
    const { roles, permissions } = held.rights({ api });
    return { api, roles, permissions };
  });
  if (flags.json) {
    print(json({ id, ...common, apis: atApis }));
    return;
  }
  const sections = atApis.map((one) => sectionOf(one, one.api));
  const first = fields([['groups', common.groups.join(' ')]]);
  print([first, sectionOf(common, undefined), ...sections].filter(Boolean).join('\n\n') || NOTHING);
}

const NOTHING = 'In no group, and without any role.';

/** Roles of the installation are told at each API, too: that is where they count. */
function sectionOf(
  { roles, permissions }: Omit<Rights, 'groups'>,
  api: string | undefined,
): string {
  if (roles.length + permissions.length === 0) return '';
  return fields([
    ['api', api],
    ['roles', roles.join(' ')],
    ['permissions', permissions.join(' ')],
  ]);
}

async function explain(rooms: Opened, who: string, name: string, flags: Flags): Promise<void> {
  const { accounts, groups, print } = rooms;
  const account = await findPerson(accounts, who);
  const paths = await groups.explain(account.id, { name, api: flags.api });
  if (paths.length === 0)
    throw new NoSuchRight(`${plain(who)} has no group, role or permission "${plain(name)}"`);
  if (flags.json) print(json({ id: account.id, paths }));
  else print(paths.map((path) => plain(`${sentence(account, path)}.`)).join('\n'));
}

/** "alice is a member of engineering, which is in staff, which has the role reader of https://api.example.com". */
function sentence({ id, email, username }: Account, path: Path): string {
  const who = email ?? username ?? id;
  return path
    .map((step, index) => `${index === 0 ? who : 'which'} ${clause(step, index === 0)}`)
    .join(', ');
}

function clause(step: Step, isFirst: boolean): string {
  switch (step.kind) {
    case 'group':
      return `${isFirst ? 'is a member of' : 'is in'} ${step.name}`;
    case 'role':
      return `has the role ${step.name}${step.api === undefined ? '' : ` of ${step.api}`}`;
    case 'permission':
      return isFirst ? `may ${step.name} at ${step.api ?? ''}` : `permits ${step.name}`;
  }
}

function identifierOf({ identifier }: { readonly identifier: string }): string {
  return identifier;
}
