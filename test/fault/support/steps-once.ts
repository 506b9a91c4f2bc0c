import { randomBytes } from 'node:crypto';
import { createTickets } from '../../../src/accounts/create-tickets.ts';
import { createMfaTokens } from '../../../src/auth0/authentication/mfa-tokens.ts';
import { createChallenges } from '../../../src/cognito/challenges.ts';
import { createSrpHandshakes } from '../../../src/cognito/srp-handshakes.ts';
import { createFlows } from '../../../src/flows/create-flows.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { randomId } from '../../../src/runtime/random.ts';
import { createSealer } from '../../../src/runtime/sealing.ts';
import type { State } from '../../../src/storage/state.ts';
import type { Use } from './exchanges.ts';

/** What people and applications do once on their way in, beside the protocol. */
export type Step =
  | 'a link that recovers an account'
  | 'a step of a sign-in'
  | 'a second factor for Auth0'
  | 'a challenge of Cognito'
  | 'a handshake of Cognito';

/** Each makes one such thing in `state`, and gives its use. */
export function stepsIn(state: State): Readonly<Record<Step, () => Promise<Use>>> {
  return {
    'a link that recovers an account': () => makeTicket(state),
    'a step of a sign-in': () => makeFlow(state),
    'a second factor for Auth0': () => makeMfaToken(state),
    'a challenge of Cognito': () => makeChallenge(state),
    'a handshake of Cognito': () => makeHandshake(state),
  };
}

async function makeTicket(state: State): Promise<Use> {
  const tickets = createTickets({ state, clock: systemClock });
  const { token } = await tickets.issue({ kind: 'recovery', about: randomId() });
  return async () => ((await tickets.use('recovery', token)) ? 'done' : 'gone');
}

async function makeFlow(state: State): Promise<Use> {
  const flows = createFlows({ state, clock: systemClock, namespace: 'latchkey' });
  const id = randomId();
  await flows.change(flows.begin({ purpose: 'sign-in', id, ttlSeconds: 600 }), {});
  return async () => {
    const flow = await flows.find('sign-in', id);
    return flow && (await flows.end(flow)) ? 'done' : 'gone';
  };
}

async function makeMfaToken(state: State): Promise<Use> {
  const tokens = createMfaTokens(state, 'tenant');
  const proof = { method: 'password', accountId: 'alice', at: 0 } as const;
  const fields = { clientId: 'app', proof, mark: '', wish: {}, isToEnrol: false };
  const token = await tokens.open(fields);
  return async () => {
    const found = await tokens.find(token);
    return found && (await tokens.end(found)) ? 'done' : 'gone';
  };
}

async function makeChallenge(state: State): Promise<Use> {
  const challenges = createChallenges({ state, clock: systemClock });
  const who = { poolId: 'pool', clientId: 'app', accountId: 'alice', mark: '', amr: [] };
  const session = await challenges.open({ name: 'SOFTWARE_TOKEN_MFA', ...who }, 180);
  return async () => {
    const found = await challenges.find(session);
    return found && (await challenges.end(found)) ? 'done' : 'gone';
  };
}

async function makeHandshake(state: State): Promise<Use> {
  const handshakes = createSrpHandshakes({ state, sealer: createSealer([randomBytes(32)]) });
  const who = { poolId: 'pool', clientId: 'app', userId: 'alice', passwordNumber: 1, mark: '' };
  const { SECRET_BLOCK } = await handshakes.open({ ...who, A: 'ff', verifier: undefined });
  return async () => ((await handshakes.take(SECRET_BLOCK)) ? 'done' : 'gone');
}
