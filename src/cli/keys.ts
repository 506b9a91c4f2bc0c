import { Argument, Option, type Command } from 'commander';
import type { Clients } from '../clients/clients.ts';
import { readSecret } from '../config/secrets.ts';
import type { SecretReference } from '../config/values.ts';
import type { Factors } from '../factors/factors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { MailAdministration } from '../mail/administration.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import { createSealer, type Sealer } from '../runtime/sealing.ts';
import type {
  KeyAdministration,
  RevokedSigningKey,
  Rotation,
} from '../signing-keys/administration.ts';
import { readMasterKey } from '../signing-keys/master-key.ts';
import { ALGORITHMS, isForEncryption, RING_ALGORITHMS } from '../signing-keys/ring.ts';
import type { KeyAlgorithm, SigningAlgorithm } from '../signing-keys/signing-keys.ts';
import { inWords, timelineText } from '../signing-keys/timeline-text.ts';
import { instant, json, plain, type Output } from './output.ts';
import { withRooms } from './rooms.ts';

const REFERENCE = /^(?<kind>file|env):(?<place>.+)$/;

/** What the commands need of an installation, running or not. */
export interface KeyRooms extends Pick<Output, 'print'> {
  readonly administration: KeyAdministration;
  /** Secrets of theirs lie sealed under the same master key. */
  readonly clients: Pick<Clients, 'resealSecrets'>;
  /** And secrets of authenticator apps. */
  readonly factors: Pick<Factors, 'reseal'>;
  /** And letters that wait. */
  readonly mailAdministration: Pick<MailAdministration, 'reseal'>;
  /** And what pools of Cognito keep: secrets of their clients, and verifiers. */
  resealPools(next: Sealer): Promise<{ readonly secrets: number; readonly verifiers: number }>;
  readonly clock: Clock;
  close(): Promise<void>;
}

/** A command was called in a way that cannot be carried out. */
export class KeyCommandUnclear extends LatchkeyError {
  readonly code = 'ERR_KEY_COMMAND_UNCLEAR';
}

interface JsonFlag {
  readonly json?: true;
}

interface RotateFlags extends JsonFlag {
  readonly now?: true;
  readonly immediately?: true;
  readonly algorithm?: KeyAlgorithm;
}

/** Adds `keys list | rotate | revoke | import | reseal | restore`. They work beside running nodes. */
export function registerKeysCommands(program: Command, open: () => Promise<KeyRooms>): void {
  const keys = program.command('keys').description('Shows and changes the signing keys.');
  const algorithm = (names: readonly KeyAlgorithm[]): Option =>
    new Option('--algorithm <name>', 'of this ring only').choices(names);

  keys
    .command('list')
    .description('Draws the life of every key.')
    .option('--json', 'print JSON')
    .option('--ascii', 'draw with letters that every terminal has')
    .action((flags: JsonFlag & { readonly ascii?: true }) =>
      withRooms(open, (rooms) => list(rooms, flags)),
    );
  keys
    .command('rotate')
    .description('Lets the next key sign as soon as verifiers can know it, and says when that is.')
    .option('--now', 'do not wait for the schedule')
    .option(
      '--immediately',
      'do not wait for verifiers either: those with a cached key set may refuse tokens for a while',
    )
    .addOption(algorithm(RING_ALGORITHMS))
    .option('--json', 'print JSON')
    .action((flags: RotateFlags) => withRooms(open, (rooms) => rotate(rooms, flags)));
  keys
    .command('revoke')
    .description(
      'Takes a leaked key out of the key set at once and for ever; what it signed is refused.',
    )
    .argument('<kid>', 'the key, or its first 8 characters or more (after -- if it begins with -)')
    .requiredOption('--reason <text>', 'why, for the record')
    .option('--json', 'print JSON')
    .action((kid: string, flags: JsonFlag & { readonly reason: string }) =>
      withRooms(open, (rooms) => revoke(rooms, kid, flags)),
    );
  keys
    .command('import')
    .description('Makes a private key of yours the next one of its ring.')
    .argument('<file>', 'PEM or JWK, readable by you alone')
    .addOption(algorithm(ALGORITHMS).makeOptionMandatory())
    .option('--json', 'print JSON')
    .action((file: string, flags: JsonFlag & { readonly algorithm: SigningAlgorithm }) =>
      withRooms(open, (rooms) => importKey(rooms, file, flags)),
    );
  registerKeepingCommands(keys, open);
}

function registerKeepingCommands(keys: Command, open: () => Promise<KeyRooms>): void {
  keys
    .command('reseal')
    .description(
      'Seals private keys, client secrets, authenticator apps and letters under another master key, once it is the first of every node.',
    )
    .requiredOption('--to <reference>', 'the new master key: file:PATH or env:NAME', reference)
    .action((flags: { readonly to: SecretReference }) =>
      withRooms(open, (rooms) => reseal(rooms, flags.to)),
    );
  keys
    .command('restore')
    .description('Puts the last good copy of a ring back into a state that has lost or broken it.')
    .addArgument(new Argument('<file>', 'the copy, such as keys/ring-main-RS256.json'))
    .option('--replace', 'also in the place of another, working ring: what that signed is refused')
    .action((file: string, flags: { readonly replace?: true }) =>
      withRooms(open, (rooms) => restore(rooms, file, flags.replace === true)),
    );
}

async function list(rooms: KeyRooms, flags: JsonFlag & { ascii?: true }): Promise<void> {
  const { administration, clock, print } = rooms;
  const lives = await administration.list();
  const text = timelineText(lives, { now: clock.now(), unicode: flags.ascii !== true });
  print(flags.json ? json(lives) : text.split('\n').map(plain).join('\n'));
}

async function rotate({ administration, print }: KeyRooms, flags: RotateFlags): Promise<void> {
  if (!flags.now)
    throw new KeyCommandUnclear(
      'keys rotate by themselves; to rotate before it is time, give --now',
    );
  const { algorithm, immediately = false } = flags;
  const rotations = await administration.rotateNow({ algorithm, immediately });
  print(flags.json ? json(rotations) : rotations.map(rotationInWords).join('\n'));
}

function rotationInWords({ algorithm, kid, signsFrom, waitSeconds }: Rotation): string {
  if (isForEncryption(algorithm))
    return `${algorithm}: the key set shows the key ${kid} ${waitSeconds === 0 ? 'from now on' : `in ${inWords(waitSeconds)}, at ${instant(signsFrom)}, when every node has it`}.`;
  return waitSeconds === 0
    ? `${algorithm}: the key ${kid} signs from now on.`
    : `${algorithm}: the key ${kid} signs in ${inWords(waitSeconds)}, at ${instant(signsFrom)}, when every verifier can know it. --immediately does not wait.`;
}

async function revoke(
  { administration, print }: KeyRooms,
  name: string,
  flags: JsonFlag & { readonly reason: string },
): Promise<void> {
  const result = await administration.revoke(name, flags.reason);
  print(flags.json ? json(result) : revokedInWords(result).join('\n'));
}

function revokedInWords(revoked: RevokedSigningKey): readonly string[] {
  const { algorithm, kid, successor } = revoked;
  const does = isForEncryption(algorithm) ? 'is shown' : 'signs';
  return [
    `${algorithm}: the key ${kid} has left the key set of every node.`,
    isForEncryption(algorithm)
      ? 'What was encrypted to it is read no more. Clients that cache the key set encrypt to it until they read the set again.'
      : lossInWords(revoked),
    ...(successor === undefined ? [] : [`The key ${successor} ${does} from now on.`]),
  ];
}

function lossInWords({ tokensRefused }: RevokedSigningKey): string {
  return tokensRefused
    ? 'What it signed is refused here from now on; sessions go on. APIs that cache the key set believe it until they read the set again.'
    : 'It had not signed yet.';
}

async function importKey(
  { administration, print }: KeyRooms,
  file: string,
  flags: JsonFlag & { readonly algorithm: SigningAlgorithm },
): Promise<void> {
  const result = await administration.import(await readSecret({ file }), flags.algorithm);
  const words = `${result.algorithm}: the key ${result.kid} is published and signs at ${instant(result.signsFrom)}.`;
  print(flags.json ? json(result) : words);
}

async function reseal(rooms: KeyRooms, to: SecretReference): Promise<void> {
  const { administration, clients, factors, mailAdministration, print } = rooms;
  const next = createSealer([await readMasterKey(to)]);
  const keys = await administration.reseal(next);
  const secrets = await clients.resealSecrets(next);
  const pools = await rooms.resealPools(next);
  const apps = await factors.reseal(next);
  const letters = await mailAdministration.reseal(next);
  print(
    [
      `Sealed under the new master key: private keys ${keys}, client secrets ${secrets + pools.secrets}, SRP verifiers ${pools.verifiers}, authenticator apps ${apps}, letters ${letters}.`,
      'Nothing needs the old one any more but cookies: leave it in otherMasterKeys for as long as sessions live.',
    ].join('\n'),
  );
}

async function restore(
  { administration, print }: KeyRooms,
  file: string,
  replace: boolean,
): Promise<void> {
  const { algorithm, number, keys } = await administration.restore(file, { replace });
  print(`${algorithm}: version ${number} of the ring with ${keys} keys is back in the state.`);
}

function reference(text: string): SecretReference {
  const { kind, place } = REFERENCE.exec(text)?.groups ?? {};
  if (kind === undefined || place === undefined)
    throw new KeyCommandUnclear('a master key is named by file:PATH or env:NAME');
  return kind === 'file' ? { file: place } : { env: place };
}
