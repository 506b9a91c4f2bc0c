import { text as readAll } from 'node:stream/consumers';
import type { Command } from 'commander';
import type { Clients } from '../clients/clients.ts';
import { isDocumentUrl } from '../clients/documents/document-url.ts';
import type { TakeBack } from '../provider/take-back.ts';
import type { RevocationRoom } from '../revocation/create-revocation.ts';
import type { Receipt, Revoked } from '../revocation/revocation.ts';
import type { Clock } from '../runtime/clock.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import { noSuchClient } from './clients.ts';
import { fields, instant, json, type Output } from './output.ts';
import type { PasswordInput } from './password.ts';
import { findPerson } from './find-person.ts';
import { CLI_ACTOR, withRooms, type CommandRooms, type OpenRooms } from './rooms.ts';
import { UnfitOptions } from './values.ts';
import { createStandingsView, watchRevocation, type Standing } from './watch-revocation.ts';

/** What the commands need of an installation, running or not. */
export interface RevokeRooms extends CommandRooms {
  readonly clock: Clock;
  readonly takeBack: TakeBack;
  readonly revocation: Pick<RevocationRoom, 'progress' | 'feed'>;
}

/** Where a token is piped in, and whether what is printed is drawn on a terminal. */
interface Surroundings {
  readonly input: PasswordInput;
  readonly isTerminal: boolean;
}

interface Flags {
  readonly reason: string;
  readonly json?: true;
  readonly watch?: true;
}

interface GrantFlags extends Flags {
  readonly person?: string;
  readonly client?: string;
}

interface SessionFlags extends Flags {
  readonly person?: string;
}

interface BeforeFlags extends Flags {
  readonly yes?: true;
}

type Opened = RevokeRooms & Output;

/** There is nothing that could be taken back. */
class NothingToRevoke extends LatchkeyError {
  readonly code = 'ERR_NOTHING_TO_REVOKE';
}

/** Adds `revoke token|grant|session|person|client|before`. They work beside running nodes. */
export function registerRevokeCommands(
  program: Command,
  open: OpenRooms<RevokeRooms>,
  surroundings: Surroundings,
): void {
  const revoke = program
    .command('revoke')
    .description('Takes back what was issued, at every API that follows the feed.')
    .addHelpText('after', '\nPut -- before an id that begins with a dash.');
  const add: Parts['add'] = (name, description) =>
    revoke
      .command(name)
      .description(description)
      .option('--reason <reason>', 'for the audit', 'operator')
      .option('--watch', 'wait until every node has applied it and every follower was told')
      .option('--json', 'print JSON');
  const run: Parts['run'] = (flags, work) =>
    withRooms(open, async (rooms) => report(rooms, flags, await work(rooms), surroundings));
  const one: Parts['one'] = (flags, what) =>
    run(flags, async (rooms) => [await rooms.takeBack.revoke(await what(rooms), detailsOf(flags))]);

  registerHandles({ add, run, one }, surroundings.input);
  registerHolders({ add, one });
}

/** How a command is made, and what it does when it is run. */
interface Parts {
  add(name: string, description: string): Command;
  /** Takes back what `work` says, and reports. */
  run(flags: Flags, work: (rooms: Opened) => Promise<readonly Receipt[]>): Promise<void>;
  /** The same for one thing. */
  one(flags: Flags, what: (rooms: Opened) => Promise<Revoked>): Promise<void>;
}

/** What is named by a handle of its own. */
function registerHandles({ add, run, one }: Parts, input: PasswordInput): void {
  add('token', 'Takes back one token; a refresh token with its grant.')
    .argument('[jti]', 'left out: the token itself is read from standard input')
    .action((jti: string | undefined, flags: Flags) =>
      one(flags, (rooms) => tokenOf(rooms, jti, input)),
    );
  add('grant', 'Ends what one app got for one person: by its id, or all of an app and a person.')
    .argument('[gid]', 'the claim `gid` of an access token')
    .option('--person <person>', 'id, e-mail address or username')
    .option('--client <client_id>', 'of this client; the person is asked again')
    .action((gid: string | undefined, flags: GrantFlags) =>
      run(flags, (rooms) => endGrants(rooms, gid, flags)),
    );
  add('session', 'Ends one sign-in of a browser, and what ends with it.')
    .argument('[sid]', 'of an access token or the audit; left out: a token on standard input')
    .option(
      '--person <person>',
      'id, e-mail address or username: then also the `sid` of an ID token',
    )
    .action((sid: string | undefined, flags: SessionFlags) =>
      one(flags, (rooms) => sessionOf(rooms, { sid, person: flags.person, input })),
    );
}

/** Everything of somebody, or everything. */
function registerHolders({ add, one }: Pick<Parts, 'add' | 'one'>): void {
  add('person', 'Ends every session, grant and token of a person, who may sign in again.')
    .argument('<person>', 'id, e-mail address or username')
    .action((who: string, flags: Flags) =>
      one(flags, async ({ accounts }) => {
        const { id: accountId } = await findPerson(accounts, who);
        return { kind: 'account', accountId };
      }),
    );
  add('client', 'Ends every token and grant of a client, which may ask for others.')
    .argument('<client_id>')
    .action((clientId: string, flags: Flags) =>
      one(flags, async ({ clients }) => {
        await mustBeKnown(clientId, clients);
        return { kind: 'client', clientId };
      }),
    );
  add('before', 'Ends everything that was issued before now: after a breach, or a restore.')
    .option('--yes', 'everybody is signed out: needed, so that it does not happen by mistake')
    .action((flags: BeforeFlags) =>
      flags.yes === true
        ? one(flags, () => Promise.resolve({ kind: 'before' }))
        : Promise.reject(new UnfitOptions('This signs everybody out of everything: add --yes.')),
    );
}

function detailsOf({ reason }: Flags): {
  readonly reason: string;
  readonly actor: typeof CLI_ACTOR;
} {
  return { reason, actor: CLI_ACTOR };
}

async function tokenOf(
  { takeBack }: Opened,
  jti: string | undefined,
  input: PasswordInput,
): Promise<Revoked> {
  if (jti !== undefined) return takeBack.token(jti);
  const token = (await readAll(input)).trim();
  const what = await takeBack.read(token);
  if (what !== undefined) return what;
  throw new NothingToRevoke('what was piped in is no token of this issuer, or is dead already');
}

async function sessionOf(
  { takeBack, accounts }: Opened,
  meant: {
    readonly sid: string | undefined;
    readonly person: string | undefined;
    readonly input: PasswordInput;
  },
): Promise<Revoked> {
  const { sid, person, input } = meant;
  if (sid === undefined) {
    const what = await takeBack.sessions.ofToken((await readAll(input)).trim());
    if (what !== undefined) return what;
    throw new NothingToRevoke('what was piped in is no token of a session that is known');
  }
  const account = person === undefined ? undefined : await findPerson(accounts, person);
  const what = await takeBack.sessions.find(sid, account?.id);
  if (what !== undefined) return what;
  const hint = person === undefined ? '; if this is the `sid` of an ID token, add --person' : '';
  throw new NothingToRevoke(`no such session is known${hint}`);
}

/** The document of a client may be gone from where it was, while the client still holds tokens. */
async function mustBeKnown(clientId: string, clients: Pick<Clients, 'find'>): Promise<void> {
  if (isDocumentUrl(clientId)) return;
  if ((await clients.find(clientId)) === undefined) throw noSuchClient(clientId);
}

async function endGrants(
  { takeBack, accounts, clients }: Opened,
  grantId: string | undefined,
  flags: GrantFlags,
): Promise<readonly Receipt[]> {
  const { person, client: clientId } = flags;
  if (grantId !== undefined && person === undefined && clientId === undefined) {
    return [await takeBack.revoke({ kind: 'grant', grantId }, detailsOf(flags))];
  }
  if (grantId !== undefined || person === undefined || clientId === undefined) {
    throw new UnfitOptions('Give either the id of a grant, or both --person and --client.');
  }
  await mustBeKnown(clientId, clients);
  const { id } = await findPerson(accounts, person);
  const receipts = await takeBack.disconnect(id, clientId, detailsOf(flags));
  if (receipts.length > 0) return receipts;
  throw new NothingToRevoke('this client holds no grant of this person');
}

/** Prints the receipts; with `--watch` how far everyone has followed the last, whose number is the highest. */
async function report(
  { revocation, clock, print }: Opened,
  flags: Flags,
  receipts: readonly Receipt[],
  { isTerminal }: Surroundings,
): Promise<void> {
  const epoch = revocation.feed.position();
  const place = { number: receipts.at(-1)?.number ?? 0, generation: epoch?.generation ?? 1 };
  const watch = (show: (standings: readonly Standing[]) => void): Promise<readonly Standing[]> =>
    watchRevocation(place, { progress: revocation.progress, clock, show });
  if (flags.json === true) {
    const standings = flags.watch === true ? await watch(() => undefined) : undefined;
    print(json(receiptJson({ receipts, epoch: epoch?.id, standings })));
    return;
  }
  print(receipts.map((receipt) => receiptText(receipt, epoch?.id)).join('\n\n'));
  if (flags.watch !== true) return;
  print('');
  await watch(createStandingsView(print, isTerminal));
}

function receiptText({ number, durableAt }: Receipt, epoch: string | undefined): string {
  return fields([
    ['number', String(number)],
    ['epoch', epoch],
    ['durable', instant(durableAt)],
  ]);
}

function receiptJson(told: {
  readonly receipts: readonly Receipt[];
  readonly epoch: string | undefined;
  readonly standings: readonly Standing[] | undefined;
}): object {
  const { receipts, epoch, standings } = told;
  return {
    receipts: receipts.map(({ number, durableAt }) => ({
      number,
      epoch: epoch ?? null,
      durableAt,
    })),
    ...(standings && {
      followers: standings.map(({ client, via, ...rest }) => ({
        ...rest,
        client: client ?? null,
        via: via ?? null,
      })),
    }),
  };
}
