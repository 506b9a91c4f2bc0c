import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import type { Clients } from '../../clients/clients.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Admission } from '../admission.ts';
import type { GenerationOptions } from '../generation.ts';
import { ROUTES } from '../routes.ts';
import { createAuthorizationCodeLane } from './authorization-code.ts';
import { createClientCredentialsLane } from './client-credentials.ts';
import { createProveClient } from './basic-client.ts';
import { createIntrospectionLane } from './introspection.ts';
import type { Lane } from './lane.ts';
import { createLivingTokens } from './living-tokens.ts';
import { createPersonTokens } from './person-tokens.ts';
import { createRefreshLane } from './refresh.ts';
import { createTokenLane } from './token.ts';
import { createUserinfoLane } from './userinfo.ts';

/** What programs ask all the time, answered past the engine's router and context. */
export interface Lanes {
  /** False: the engine must answer. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

interface LanesOptions extends GenerationOptions {
  readonly admission: Admission;
  readonly clients: Clients;
  readonly clock: Clock;
  /** The generation of the moment. */
  readonly provider: () => Provider;
}

/** Headers that ask for more than a lane knows of: CORS by client, proofs of possession, other encodings. */
const UNUSUAL = ['origin', 'dpop', 'transfer-encoding', 'content-encoding', 'expect'] as const;

/** The lanes of one issuer, by method and path; what has a query is not theirs. */
export function createLanes(options: LanesOptions): Lanes {
  const { endpoints, scopes } = options;
  const parts = {
    ...options,
    proveClient: createProveClient(options),
    livingTokens: createLivingTokens(options),
    personTokens: createPersonTokens(options),
  };
  const grants = new Map([
    ['authorization_code', createAuthorizationCodeLane(parts)],
    ['client_credentials', createClientCredentialsLane(parts)],
    ['refresh_token', createRefreshLane(parts)],
  ]);
  const lanes = new Map<string, Lane>([
    [`POST ${endpoints.base}${ROUTES.token}`, createTokenLane({ ...parts, grants })],
    [`POST ${endpoints.base}${ROUTES.introspection}`, createIntrospectionLane(parts)],
    [`GET ${endpoints.base}${ROUTES.userinfo}`, createUserinfoLane(parts)],
  ]);

  async function find(lane: Lane, request: IncomingMessage): Promise<object | undefined> {
    try {
      return await scopes.within(request, () => lane(request));
    } catch (error) {
      // Answered by what stands around the engine, which tells an outage from a fault.
      scopes.of(request).failure = error;
      return undefined;
    }
  }

  return {
    async answer(request, response) {
      const lane = lanes.get(`${request.method ?? ''} ${request.url ?? ''}`);
      if (lane === undefined || UNUSUAL.some((name) => request.headers[name] !== undefined))
        return false;
      const found = await find(lane, request);
      if (found === undefined) return false;
      const answered = scopes.answerNow();
      for (const note of scopes.of(request).beforeAnswer) note(answered);
      send(response, found);
      // What was peeked at is still there, and nobody wants it any more.
      request.resume();
      return true;
    },
  };
}

/** With the headers that the engine gives to such an answer. */
function send(response: ServerResponse, found: object): void {
  // As text, which leaves with the headers in one write.
  const body = JSON.stringify(found);
  response.writeHead(200, {
    'Cache-Control': 'no-store',
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    Vary: 'Origin',
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Expose-Headers': 'WWW-Authenticate',
  });
  response.end(body);
}
