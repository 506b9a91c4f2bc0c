import { fileURLToPath } from 'node:url';
import { InvalidArgumentError, type Command } from 'commander';
import type { GivenValue } from '../config/variables.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import { startChecked, type CheckedSettings, type StartOptions } from './start.ts';

/** Of this package: a checkout's, and of what was installed. */
const SAMPLE = fileURLToPath(new URL('../../config/dev.yaml', import.meta.url));

/** Unless others are said: nobody needs rights for them. */
const PORTS = { auth0: 4001, cognito: 4002 } as const;
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
  readonly cognito?: Domain;
  readonly https?: boolean;
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
      `where the first Auth0 tenant is: a host, or host:port (left out: ${PORTS.auth0})`,
      (text) => readDomain(text, PORTS.auth0),
    )
    .option(
      '--cognito <domain>',
      `where Cognito's pools are: a host, or host:port (left out: ${PORTS.cognito})`,
      (text) => readDomain(text, PORTS.cognito),
    )
    .option('--https', 'with certificates of a local authority; for --auth0 and --cognito')
    .action(async (flags: Flags) => {
      const { config: path = SAMPLE } = program.opts<{ readonly config?: string }>();
      const checked = await options.check({ path, flags: valuesOf(flags) });
      if (checked.settings.profile !== 'dev')
        throw new NotForDev(`${path} is for production: use latchkey start, or write profile: dev`);
      await startChecked(checked, { workers: 1, pin: false }, options);
    });
}

function valuesOf({ auth0, cognito, https = false }: Flags): readonly GivenValue[] {
  if (auth0 === undefined && cognito === undefined && https)
    throw new NotForDev('--https is for --auth0 and --cognito: give --auth0 localhost, too');
  return [
    ...(auth0 === undefined ? [] : tenantAt(auth0, https)),
    ...(cognito === undefined ? [] : poolsAt(cognito, https)),
  ];
}

function tenantAt(domain: Domain, https: boolean): readonly GivenValue[] {
  const { port } = domain;
  const values: readonly Value[] = [
    [['issuer'], `${originAt(domain, https)}/`],
    [['listen', 'port'], port],
    [['hosts'], ['localhost', '127.0.0.1'].map((name) => `${name}:${port}`)],
    ...(https ? [BY_AUTHORITY] : []),
  ];
  return values.map(([path, value]) => ({
    name: '--auth0',
    path: ['auth0', 'tenants', 0, ...path],
    value,
  }));
}

function poolsAt(domain: Domain, https: boolean): readonly GivenValue[] {
  const values: readonly Value[] = [
    [['endpoint'], originAt(domain, https)],
    [['listen', 'port'], domain.port],
    ...(https ? [BY_AUTHORITY] : []),
  ];
  return values.map(([path, value]) => ({ name: '--cognito', path: ['cognito', ...path], value }));
}

type Value = readonly [path: GivenValue['path'], value: unknown];
const BY_AUTHORITY: Value = [['tls', 'from'], 'dev-ca'];

function originAt({ host, port }: Domain, https: boolean): string {
  const [scheme, standard] = https ? ['https', HTTPS_PORT] : ['http', HTTP_PORT];
  return `${scheme}://${port === standard ? host : `${host}:${port}`}`;
}

/** @throws {InvalidArgumentError} */
function readDomain(text: string, standard: number): Domain {
  const { host, port = standard } = AUTHORITY.exec(text.toLowerCase())?.groups ?? {};
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535)
    throw new InvalidArgumentError('Expected a host such as dev.example.test, or host:port.');
  return { host, port: Number(port) };
}
