import type { DeclaredApi, DeclaredClient } from './config.ts';

/** An API that a client names and nobody declares. */
export interface UnknownApi {
  /** From the list of clients on. */
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Every API that a declared client names must be declared too: it is a slip of the pen otherwise. */
export function unknownApis(
  clients: readonly DeclaredClient[],
  apis: readonly DeclaredApi[],
): readonly UnknownApi[] {
  const known = new Set(apis.map(({ identifier }) => identifier));
  return clients.flatMap((client, index) =>
    namedBy(client).flatMap(({ path, name }) =>
      known.has(name)
        ? []
        : [{ path: [index, ...path], message: `no API has the identifier ${name}` }],
    ),
  );
}

interface Named {
  /** Within the client. */
  readonly path: readonly PropertyKey[];
  readonly name: string;
}

function namedBy(client: DeclaredClient): readonly Named[] {
  const { apis = [], apiScopes = {}, introspects, tokenExchange } = client;
  return [
    ...listed(['apis'], apis),
    ...Object.keys(apiScopes).map((name) => ({ path: ['apiScopes', name], name })),
    ...listed(['introspects'], introspects),
    ...listed(['tokenExchange', 'audiences'], tokenExchange?.audiences ?? []),
  ];
}

function listed(setting: readonly string[], names: readonly string[]): readonly Named[] {
  return names.map((name, place) => ({ path: [...setting, place], name }));
}
