import { z } from 'zod';

/** Printable, without a space, `"` and `\`; in a scope without `/`, which parts it from its identifier. */
export const IDENTIFIER = /^[\x21\x23-\x5B\x5D-\x7E]{1,256}$/;
export const SCOPE = /^[\x21\x23-\x2E\x30-\x5B\x5D-\x7E]{1,256}$/;

/** Names of domains: prefixes as AWS has them, and whole host names. */
export const DOMAIN_NAMES = {
  prefix: /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
  custom: /^(?=.{1,253}$)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+$/,
} as const;

/** A domain of a declared pool. */
export const domainConfig = z.strictObject({
  name: z
    .string()
    .refine((name) => DOMAIN_NAMES[kindOfDomain(name)].test(name), {
      error: 'expected a prefix such as "my-app", or a host name, in small letters',
    })
    .describe('A prefix such as `my-app`, or a host name.'),
  managedLoginVersion: z
    .int()
    .min(1)
    .max(2)
    .default(1)
    .describe('1 or 2: told as it is given; the pages are ours.'),
});

/** A declared domain with a dot is a host name. */
export function kindOfDomain(name: string): keyof typeof DOMAIN_NAMES {
  return name.includes('.') ? 'custom' : 'prefix';
}

/** An API of a declared pool. */
export const resourceServerConfig = z.strictObject({
  identifier: z
    .string()
    .regex(IDENTIFIER, { error: 'expected at most 256 printable characters without spaces' })
    .describe('What its scopes begin with: `IDENTIFIER/SCOPE`.'),
  name: z.string().min(1).max(256).describe('Its name.'),
  scopes: z
    .array(
      z.strictObject({
        name: z
          .string()
          .regex(SCOPE, { error: 'expected at most 256 printable characters without spaces and /' })
          .describe('Its name, without the identifier.'),
        description: z.string().min(1).max(256).describe('What it allows.'),
      }),
    )
    .max(100)
    .default([])
    .describe('Scopes that clients may be allowed.'),
});

interface Parts {
  readonly domains: readonly z.output<typeof domainConfig>[];
  readonly resourceServers: readonly z.output<typeof resourceServerConfig>[];
  readonly clients: readonly { readonly oauth: { readonly scopes: readonly string[] } }[];
}

interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** What does not fit together in one pool, by paths from its section. */
export function partsProblems({ domains, resourceServers, clients }: Parts): readonly Problem[] {
  const known = new Set(
    resourceServers.flatMap(({ identifier, scopes }) =>
      scopes.map(({ name }) => `${identifier}/${name}`),
    ),
  );
  const isMissing = (scope: string): boolean =>
    !known.has(scope) &&
    resourceServers.some(({ identifier }) => scope.startsWith(`${identifier}/`));
  return [
    ...repeats(domains.map(({ name }) => kindOfDomain(name))).map((index) => ({
      path: ['domains', index],
      message: 'a pool has one prefix and one host name at most',
    })),
    ...repeats(resourceServers.map(({ identifier }) => identifier)).map((index) => ({
      path: ['resourceServers', index, 'identifier'],
      message: 'is there twice',
    })),
    ...clients.flatMap(({ oauth: { scopes } }, client) =>
      scopes.flatMap((scope, index) =>
        isMissing(scope)
          ? [
              {
                path: ['clients', client, 'oauth', 'scopes', index],
                message: `no resource server of the pool has the scope "${scope}"`,
              },
            ]
          : [],
      ),
    ),
  ];
}

/** Which of `names` were there before. */
function repeats(names: readonly string[]): readonly number[] {
  return names.flatMap((name, index) => (names.indexOf(name) < index ? [index] : []));
}
