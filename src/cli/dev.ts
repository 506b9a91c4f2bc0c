import { fileURLToPath } from 'node:url';
import { InvalidArgumentError, type Command } from 'commander';
import type { GivenValue } from '../config/variables.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import { startChecked, type CheckedSettings, type StartOptions } from './start.ts';

/** Of this package: a checkout's, and of what was installed. */
const SAMPLE = fileURLToPath(new URL('../../config/dev.yaml', import.meta.url));

/** Unless one is said: nobody needs rights for it. */
const PORT = 4001;
const HTTPS_PORT = 443;
const HTTP_PORT = 80;
/** A name or an address, and a port. */
const AUTHORITY = /^(?<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[::1\])(?::(?<port>\d{1,5}))?$/;

/** `dev` was asked for what only another configuration, or another flag, makes possible. */
class NotForDev extends LatchkeyError {
  readonly code = 'ERR_NOT_FOR_DEV';
}

interface Domain {
  readonly host: string;
  readonly port: number;
}

interface Flags {
  readonly auth0?: Domain;
  readonly https?: true;
}

/** Where the settings of a start come from. */
export interface DevSource {
  readonly path: string;
  readonly flags: readonly GivenValue[];
}

interface DevOptions<Settings> extends StartOptions<Settings> {
  check(source: DevSource): Promise<CheckedSettings<Settings>>;
}

/** `dev`: a start in the dev profile, by the sample configuration unless another is named. */
export function registerDev<Settings extends { readonly profile: string }>(
  program: Command,
  options: DevOptions<Settings>,
): void {
  program
    .command('dev')
    .description('Starts a node for developers, by config/dev.yaml unless --config names another.')
    .option(
      '--auth0 <domain>',
      `where the first Auth0 tenant is: a host, or host:port (left out: ${PORT})`,
      readDomain,
    )
    .option('--https', 'with a certificate of a local authority; for the tenant of --auth0')
    .action(async (flags: Flags) => {
      const { config: path = SAMPLE } = program.opts<{ readonly config?: string }>();
      const checked = await options.check({ path, flags: valuesOf(flags) });
      if (checked.settings.profile !== 'dev')
        throw new NotForDev(`${path} is for production: use latchkey start, or write profile: dev`);
      await startChecked(checked, 1, options);
    });
}

function valuesOf({ auth0, https }: Flags): readonly GivenValue[] {
  if (auth0 === undefined) {
    if (!https) return [];
    throw new NotForDev('--https is for the tenant of --auth0: give --auth0 localhost, too');
  }
  const { host, port } = auth0;
  const [scheme, standard] = https ? ['https', HTTPS_PORT] : ['http', HTTP_PORT];
  const at = port === standard ? host : `${host}:${port}`;
  const loopback = ['localhost', '127.0.0.1'].map((name) => `${name}:${port}`);
  const values: readonly (readonly [path: GivenValue['path'], value: unknown])[] = [
    [['issuer'], `${scheme}://${at}/`],
    [['listen', 'port'], port],
    [['hosts'], loopback],
    ...(https ? [[['tls', 'from'], 'dev-ca'] as const] : []),
  ];
  return values.map(([path, value]) => ({
    name: '--auth0',
    path: ['auth0', 'tenants', 0, ...path],
    value,
  }));
}

/** @throws {InvalidArgumentError} */
function readDomain(text: string): Domain {
  const { host, port = PORT } = AUTHORITY.exec(text.toLowerCase())?.groups ?? {};
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535)
    throw new InvalidArgumentError('Expected a host such as dev.example.test, or host:port.');
  return { host, port: Number(port) };
}
