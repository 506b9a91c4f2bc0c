import type { Command } from 'commander';
import type { Client, IssuedClient } from '../clients/clients.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import type { Json, JsonObject } from '../runtime/json.ts';
import { CLIENT_KINDS, newClient, type CreateFlags } from './new-client.ts';
import { fields, instant, json, plain, table, type Output } from './output.ts';
import { CLI_ACTOR, withRooms, type CommandRooms, type OpenRooms } from './rooms.ts';
import { durationSeconds, jsonObject, UnfitOptions } from './values.ts';

/** There is no client of this id. */
class NoSuchClient extends LatchkeyError {
  readonly code = 'ERR_NO_SUCH_CLIENT';
}

interface Flags {
  readonly json?: true;
}

interface NamedFlags extends Flags {
  readonly keepOld?: number;
}

type Opened = CommandRooms & Output;

/** Adds `client create|list|show|rotate-secret|delete`. */
export function registerClientCommands(program: Command, open: OpenRooms): void {
  const client = program.command('client').description('Apps that sign people in or call APIs.');
  registerCreate(client, open);
  registerCommand(client, open, {
    name: 'list',
    description: 'Lists clients, those of the configuration too.',
    work: list,
  });
  registerNamed(client, open, {
    name: 'show',
    description: 'Shows one client.',
    work: show,
  });
  registerNamed(client, open, {
    name: 'rotate-secret',
    description: 'Gives a client a new secret; the old one ends at once unless it is kept.',
    work: rotateSecret,
  }).option('--keep-old <duration>', 'the old one stays good for so long: 24h', durationSeconds);
  registerNamed(client, open, {
    name: 'delete',
    description: 'Deletes a client and ends all that was issued to it.',
    work: remove,
  });
}

function registerCreate(client: Command, open: OpenRooms): void {
  client
    .command('create')
    .description('Creates a client and prints its secret, which is shown only this once.')
    .requiredOption('--type <type>', `what it is: ${CLIENT_KINDS.join(', ')}`)
    .option('--id <id>', 'its client_id; left out: chosen at random')
    .option('--name <name>', 'what people read on the consent page')
    .option('--redirect-uri <uri...>', 'where people come back to, byte for byte')
    .option('--post-logout-redirect-uri <uri...>', 'where people come back to after signing out')
    .option(
      '--cors-origin <origin...>',
      'origins that may call from a browser; spa: those of its redirect URIs',
    )
    .option(
      '--api <identifier...>',
      'APIs it may ask tokens of; left out: any that is not restricted',
    )
    .option('--first-party', 'an app of your own: people are not asked for consent')
    .option('--metadata <json>', 'any other metadata by its RFC 7591 name', jsonObject)
    .option('--json', 'print JSON')
    .action(async (flags: CreateFlags & Flags) => {
      const wanted = newClient(flags);
      if (typeof wanted === 'string') throw new UnfitOptions(wanted);
      await withRooms(open, async (rooms) => {
        const issued = await rooms.clients.create(wanted, CLI_ACTOR);
        rooms.print(flags.json ? json(shownWithSecret(issued)) : created(issued));
      });
    });
}

interface Registration<Work> {
  readonly name: string;
  readonly description: string;
  readonly work: Work;
}

function registerCommand(
  client: Command,
  open: OpenRooms,
  { name, description, work }: Registration<(rooms: Opened, flags: Flags) => Promise<void>>,
): void {
  client
    .command(name)
    .description(description)
    .option('--json', 'print JSON')
    .action((flags: Flags) => withRooms(open, (rooms) => work(rooms, flags)));
}

function registerNamed(
  client: Command,
  open: OpenRooms,
  {
    name,
    description,
    work,
  }: Registration<(rooms: Opened, id: string, flags: NamedFlags) => Promise<void>>,
): Command {
  return client
    .command(name)
    .description(description)
    .argument('<client_id>')
    .option('--json', 'print JSON')
    .action((id: string, flags: NamedFlags) => withRooms(open, (rooms) => work(rooms, id, flags)));
}

async function list({ clients, print }: Opened, flags: Flags): Promise<void> {
  const found = await clients.list();
  if (flags.json) {
    print(json(found.map(shown)));
    return;
  }
  const rows = found.map((one) => [
    one.id,
    textOf(one.metadata['client_name']),
    textOf(one.metadata['token_endpoint_auth_method']),
    one.source,
    instant(one.createdAt),
  ]);
  print(table(['CLIENT_ID', 'NAME', 'AUTHENTICATION', 'FROM', 'CREATED'], rows));
}

async function show({ clients, print }: Opened, id: string, flags: Flags): Promise<void> {
  const client = await clients.find(id);
  if (!client) throw noSuchClient(id);
  print(flags.json ? json(shown(client)) : described(client));
}

async function rotateSecret(
  { clients, print }: Opened,
  id: string,
  flags: NamedFlags,
): Promise<void> {
  const issued = await clients.rotateSecret(id, CLI_ACTOR, { keepOldForSeconds: flags.keepOld });
  if (!issued) throw noSuchClient(id);
  print(
    flags.json
      ? json(shownWithSecret(issued))
      : `${plain(id)} has a new secret.\n\n${secretLines(issued)}`,
  );
}

async function remove({ clients, print }: Opened, id: string, flags: Flags): Promise<void> {
  if (!(await clients.delete(id, CLI_ACTOR))) throw noSuchClient(id);
  print(flags.json ? json({ client_id: id, deleted: true }) : `${plain(id)} was deleted.`);
}

/** For a client that is not there. */
export function noSuchClient(id: string): LatchkeyError {
  return new NoSuchClient(`there is no client "${plain(id)}": see latchkey client list`);
}

function created(issued: IssuedClient): string {
  return `${plain(issued.client.id)} was created.\n\n${secretLines(issued)}\n${described(issued.client)}`;
}

function secretLines({ client, secret }: IssuedClient): string {
  if (secret === undefined) return fields([['client_id', client.id]]);
  return `${fields([
    ['client_id', client.id],
    ['client_secret', secret],
  ])}\n\nKeep the secret now: it is stored only as a hash and never shown again.\n`;
}

function described({ id, metadata, policy, source, createdAt }: Client): string {
  return fields([
    ['client_id', id],
    ...Object.entries(metadata).map(([name, value]) => [name, textOf(value)] as const),
    ...Object.entries(policy).map(([name, value]) => [name, textOf(value)] as const),
    ['from', source],
    ['created', instant(createdAt)],
  ]);
}

function textOf(value: Json | undefined): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map(textOf).join(' ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Registered metadata by its wire names, with what is ours beside it. */
function shown({ id, metadata, policy, source, createdAt }: Client): JsonObject {
  return { client_id: id, metadata, policy: { ...policy }, source, createdAt };
}

function shownWithSecret({ client, secret }: IssuedClient): JsonObject {
  return { ...shown(client), client_secret: secret ?? null };
}
