import { z } from 'zod';
import { sha256 } from '../../runtime/digest.ts';
import type { Json } from '../../runtime/json.ts';
import { authenticatedClient } from './api-client.ts';
import { problem, type ApiProblem } from './api-problem.ts';
import { endpointOf, type ApiCall, type ApiEndpoint } from './api-routes.ts';
import { stepOf, typesOf } from './let-in.ts';
import { livingAccount } from './mfa-grants.ts';
import type { MfaSignIn } from './mfa-tokens.ts';
import type { Room } from './room.ts';

const ID_LENGTH = 16;

const ofClient = { client_id: z.string().optional(), client_secret: z.string().optional() };
const challenge = z.object({
  ...ofClient,
  mfa_token: z.string(),
  /** With spaces between; left out: any. */
  challenge_type: z.string().optional(),
});
const association = z.object({
  ...ofClient,
  mfa_token: z.string().optional(),
  authenticator_types: z.array(z.string()),
});

/** What an application asks about second factors before it shows one at the token endpoint. */
export function createMfaEndpoints(room: Room): readonly ApiEndpoint[] {
  return [
    endpointOf('/mfa/challenge', challenge, async (given) => {
      const client = await authenticatedClient(given, room.clients);
      const { types, step } = await standOf(given.mfa_token, client.id, room);
      if (step.kind === 'enrol') throw notEnrolled();
      const asked = given.challenge_type?.split(' ') ?? types;
      // A recovery code is shown at once: there is nothing to be challenged for.
      if (types.includes('otp') && asked.includes('otp')) return { challenge_type: 'otp' };
      throw unsupported();
    }),
    endpointOf('/mfa/associate', association, async (given, call) => {
      const { bearer } = call;
      // Libraries of Auth0's show the `mfa_token` alone, which the application got for itself.
      const isNamed = given.client_id !== undefined || bearer === undefined;
      const client = isNamed ? await authenticatedClient(given, room.clients) : undefined;
      const token = bearer ?? given.mfa_token ?? '';
      const { signIn, step } = await standOf(token, client?.id, room);
      if (step.kind !== 'enrol') throw problem(403, 'access_denied', 'User is already enrolled.');
      if (!given.authenticator_types.includes('otp')) throw unsupported();
      return await associate(signIn, call, room);
    }),
    {
      method: 'get',
      path: '/mfa/authenticators',
      async answer({ bearer = '' }) {
        const { signIn, types } = await standOf(bearer, undefined, room);
        return types.map((type) => authenticator(type, signIn.proof.accountId));
      },
    },
  ];
}

interface Stand {
  readonly signIn: MfaSignIn;
  readonly step: Awaited<ReturnType<typeof stepOf>>;
  /** Of factors that could be shown now. */
  readonly types: readonly string[];
}

/** @throws {ApiProblem} when there is no such sign-in, or it lacks nothing any more. */
async function standOf(token: string, clientId: string | undefined, room: Room): Promise<Stand> {
  const signIn = await room.mfaTokens.find(token, clientId);
  const account = signIn && (await livingAccount(signIn, room));
  if (signIn === undefined || account === undefined) throw expired();
  const about = { account, proofs: [signIn.proof], clientId: signIn.clientId } as const;
  const step = await stepOf(about, room);
  return { signIn, step, types: step.kind === 'second-factor' ? typesOf(step.choices) : [] };
}

/** An authenticator app, which counts once a code of it is shown at the token endpoint. */
async function associate(signIn: MfaSignIn, call: ApiCall, room: Room): Promise<Json> {
  const { factors, mfaTokens } = room;
  const { accountId } = signIn.proof;
  const begun = await factors.totp.beginEnrolment(accountId);
  if (begun === undefined) throw expired();
  if (!(await mfaTokens.change(signIn, { enrolment: begun.sealed }))) throw expired();
  const isFirst = (await factors.recoveryCodes.left(accountId)) === 0;
  const actor = { by: 'self', origin: call.origin };
  const codes = isFirst ? await factors.recoveryCodes.renew(accountId, actor) : undefined;
  return {
    authenticator_type: 'otp',
    secret: begun.key.replaceAll(' ', ''),
    barcode_uri: begun.uri,
    ...(codes && { recovery_codes: [...codes] }),
  };
}

function authenticator(type: string, accountId: string): Json {
  const id = `${type === 'otp' ? 'totp' : type}|dev_${sha256(accountId).slice(0, ID_LENGTH)}`;
  return { id, authenticator_type: type, active: true };
}

function expired(): ApiProblem {
  return problem(403, 'expired_token', 'mfa_token is expired');
}

function notEnrolled(): ApiProblem {
  const words = 'User is not enrolled with multi-factor authentication.';
  return problem(403, 'association_required', words);
}

function unsupported(): ApiProblem {
  const words = 'User does not have any authenticators of the requested types.';
  return problem(403, 'unsupported_challenge_type', words);
}
