import { readSecret } from '../config/secrets.ts';
import { sha256 } from '../runtime/digest.ts';
import { InvalidClient, type Client } from './clients.ts';
import type { DeclaredClient } from './config.ts';
import { metadataOf, settingNameOf } from './declared-metadata.ts';
import { readMetadata } from './metadata.ts';
import { policyOf } from './policy.ts';

/** A client of the configuration, and its secret. */
export interface DeclaredEntry {
  readonly client: Client;
  readonly secret: string | undefined;
}

/**
 * Clients of the configuration, as good as registered.
 *
 * @throws {InvalidClient} when the profile does not allow what is declared, with every mistake.
 * @throws {SecretUnavailable} when a secret cannot be read.
 */
export async function readDeclaredClients(
  declared: readonly DeclaredClient[],
  options: { readonly profile: 'dev' | 'production'; readonly now: number },
): Promise<ReadonlyMap<string, DeclaredEntry>> {
  const isDev = options.profile === 'dev';
  const problems = declared.flatMap((one) => problemsOf(one, isDev));
  if (problems.length > 0) throw new InvalidClient(problems);
  const entries = await Promise.all(
    declared.map(async (one) => [one.id, await entryOf(one, isDev, options.now)] as const),
  );
  return new Map(entries);
}

function problemsOf(declared: DeclaredClient, isDev: boolean): readonly string[] {
  const { problems } = readMetadata(metadataOf(declared), { isDev, isStrict: true });
  const told = problems.map(({ path: [name = '', ...rest], message }) =>
    said(declared, [settingNameOf(String(name)), ...rest].join('.'), message),
  );
  return isDev || declared.secretInClear === undefined
    ? told
    : [
        ...told,
        said(
          declared,
          'secretInClear',
          'is for the dev profile only: say in `secret` where it lies',
        ),
      ];
}

function said({ id }: DeclaredClient, setting: string, message: string): string {
  return `clients: ${id}: ${setting}: ${message}`;
}

async function entryOf(
  declared: DeclaredClient,
  isDev: boolean,
  now: number,
): Promise<DeclaredEntry> {
  const { metadata } = readMetadata(metadataOf(declared), { isDev, isStrict: true });
  const secret =
    declared.secret === undefined ? declared.secretInClear : await readSecret(declared.secret);
  const isLoopbackFree = declared.anyLoopbackPort ?? (isDev ? true : undefined);
  return {
    secret,
    client: Object.freeze({
      id: declared.id,
      metadata,
      secretHash: secret === undefined ? undefined : sha256(secret),
      policy: policyOf(metadata, {
        profile: declared.profile,
        firstParty: declared.firstParty,
        secondFactor: declared.secondFactor,
        requirePkce: declared.requirePkce,
        anyLoopbackPort: isLoopbackFree,
        accessTokenFormat: declared.accessTokenFormat,
        accessTokenTtlSeconds: declared.accessTokenTtl,
        idTokenTtlSeconds: declared.idTokenTtl,
        refreshTokenIdleSeconds: declared.refreshTokenIdle,
        refreshTokenAbsoluteSeconds: declared.refreshTokenAbsolute,
        claimsInIdToken: declared.claimsInIdToken,
        introspects: declared.introspects,
        apis: declared.apis,
        apiScopes: declared.apiScopes,
        tokenExchange: declared.tokenExchange,
        corsOrigins: declared.corsOrigins,
      }),
      source: 'config',
      createdAt: now,
    }),
  };
}
