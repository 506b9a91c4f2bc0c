import { setTimeout as delay } from 'node:timers/promises';
import {
  authorize,
  basic,
  type BenchClient,
  PATHS,
  redeem,
  type TokenAnswer,
} from '../../../bench/browser-flow.ts';
import type { Answer } from '../../../bench/lane.ts';
import type { Visitor } from './visitor.ts';

/** The clients, the APIs and the person of a load of tokens; their secrets exist on loopback for a moment. */
export const TOKEN_LOAD_SEEDS = {
  apis: (['ES256', 'RS256'] as const).map((signingAlgorithm) => ({
    identifier: `https://${signingAlgorithm.toLowerCase()}.example.com`,
    name: signingAlgorithm,
    signingAlgorithm,
    scopes: { read: 'Read' },
  })),
  clients: [
    {
      id: 'app',
      type: 'web',
      name: 'App',
      secretInClear: 'app-secret-of-the-rotation-tests-0123456789ab',
      redirectUris: ['https://app.example/callback'],
    },
    {
      id: 'service',
      type: 'machine',
      name: 'Service',
      secretInClear: 'service-secret-of-the-rotation-tests-01234567',
    },
  ],
} as const;

const PERSON = { login: 'alice@example.com', password: 'latchkey-dev' };
const REFRESHES_EACH = 20;
const AFTER_FAILURE_MS = 50;
const [APP, SERVICE] = TOKEN_LOAD_SEEDS.clients.map((client): BenchClient => ({
  id: client.id,
  secret: client.secretInClear,
  redirectUri: 'redirectUris' in client ? client.redirectUris[0] : '',
})) as [BenchClient, BenchClient];

/** A load that goes on until it is told to stop. */
export interface TokenLoad {
  stop(): Promise<void>;
}

/**
 * Machines that fetch ES256 and RS256 access tokens and a person whose app refreshes for ID tokens, for each
 * visitor; `take` is given every token as it comes.
 */
export function startTokenLoad(
  visitors: () => Visitor,
  take: (token: string) => void,
  { pauseMs }: { readonly pauseMs: number },
): TokenLoad {
  const stop = new AbortController();
  const acts = [
    ...TOKEN_LOAD_SEEDS.apis.map(({ identifier }) => machine(visitors(), identifier, take)),
    app(visitors(), take),
  ];
  const working = acts.map(async (act) => {
    while (!stop.signal.aborted) {
      // Whatever was not answered with tokens stands in the ledger of the visitor.
      const isDone = await act().catch(() => false);
      await delay(isDone ? pauseMs : AFTER_FAILURE_MS);
    }
  });
  return {
    async stop() {
      stop.abort();
      await Promise.all(working);
    },
  };
}

type Act = () => Promise<boolean>;

function machine(visitor: Visitor, resource: string, take: (token: string) => void): Act {
  return async () => {
    const tokens = tokensOf(
      await visitor.request(PATHS.token, {
        method: 'POST',
        headers: basic(SERVICE),
        form: { grant_type: 'client_credentials', resource, scope: 'read' },
      }),
    );
    if (tokens) take(tokens.access_token);
    return tokens !== undefined;
  };
}

function app(visitor: Visitor, take: (token: string) => void): Act {
  let refreshToken: string | undefined;
  let refreshes = 0;
  return async () => {
    const isNew = refreshToken === undefined || refreshes >= REFRESHES_EACH;
    const answer = isNew
      ? await redeem(visitor, APP, await authorize(visitor, { client: APP, ...PERSON }))
      : await refresh(visitor, refreshToken ?? '');
    const tokens = tokensOf(answer);
    refreshes = isNew ? 0 : refreshes + 1;
    if (tokens) refreshToken = tokens.refresh_token;
    else if (answer.status === 400) refreshToken = undefined;
    for (const token of tokens ? [tokens.access_token, tokens.id_token] : []) {
      if (token !== undefined) take(token);
    }
    return tokens !== undefined;
  };
}

function refresh(visitor: Visitor, refreshToken: string): Promise<Answer> {
  return visitor.request(PATHS.token, {
    method: 'POST',
    headers: basic(APP),
    form: { grant_type: 'refresh_token', refresh_token: refreshToken },
  });
}

function tokensOf({ status, body }: Answer): TokenAnswer | undefined {
  return status === 200 ? (JSON.parse(body) as TokenAnswer) : undefined;
}
