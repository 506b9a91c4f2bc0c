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
    namedBy(client).flatMap(({ setting, names }) =>
      names.flatMap((name, place) =>
        known.has(name)
          ? []
          : [{ path: [index, ...setting, place], message: `no API has the identifier ${name}` }],
      ),
    ),
  );
}

interface Named {
  readonly setting: readonly string[];
  readonly names: readonly string[];
}

function namedBy({ apis, introspects, tokenExchange }: DeclaredClient): readonly Named[] {
  return [
    { setting: ['apis'], names: apis ?? [] },
    { setting: ['introspects'], names: introspects },
    { setting: ['tokenExchange', 'audiences'], names: tokenExchange?.audiences ?? [] },
  ];
}
