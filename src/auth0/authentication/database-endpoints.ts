import { z } from 'zod';
import {
  AccountExists,
  InvalidAccount,
  PasswordsBusy,
  type Account,
  type NewAccount,
} from '../../accounts/accounts.ts';
import { recoveryUrl } from '../../accounts/recovery-link.ts';
import { isMailbox } from '../../mail/mailbox.ts';
import type { JsonObject } from '../../runtime/json.ts';
import type { Origin } from '../../runtime/origin.ts';
import { ApiProblem, problem } from './api-problem.ts';
import { endpointOf, type ApiCall, type ApiEndpoint } from './api-routes.ts';
import { CONNECTION_IS_OFF, DATABASE } from './names.ts';
import { passwordTooWeak } from './password-strength.ts';
import type { Room } from './room.ts';

const HOUR = 3600;
const RECOVERY_MINUTES = 15;
const ASKED = "We've just sent you an email to reset your password.";

const CLAIMS = ['given_name', 'family_name', 'name', 'nickname', 'picture'] as const;
const text = z.string().min(1).max(300);
const signUp = z.object({
  client_id: z.string(),
  connection: z.string(),
  email: z.string().max(254),
  password: z.string().min(1).max(1024),
  username: text.optional(),
  ...Object.fromEntries(CLAIMS.map((name) => [name, text.optional()])),
  /** As Auth0 has it: at most ten texts. */
  user_metadata: z
    .record(z.string().max(100), z.string().max(500))
    .refine((all) => Object.keys(all).length <= 10, { error: 'at most 10 properties' })
    .optional(),
});
const changePassword = z.object({
  client_id: z.string(),
  connection: z.string(),
  email: z.string().max(254).optional(),
  username: z.string().max(254).optional(),
});

/** The directory for whoever has no account yet, or has forgotten its password. */
export function createDatabaseEndpoints(room: Room): readonly ApiEndpoint[] {
  return [
    endpointOf('/dbconnections/signup', signUp, async (given, call) => {
      await checkNames(given, room);
      await room.letterbox.admit(call.origin);
      if (!isMailbox(given.email)) throw badRequest('invalid_signup', 'Invalid sign up');
      const isOpen = await room.connection.isOpenFor(given.client_id);
      if (!isOpen || !room.authentication.password || !room.registration.isOpenTo(given.email))
        throw badRequest('public_signup_disabled', 'Public signup is disabled');
      const account = await createAccount(given, call.origin, room);
      await askToConfirm(account, call, room);
      return viewOf(account, given);
    }),
    endpointOf('/dbconnections/change_password', changePassword, async (given, call) => {
      await checkNames(given, room);
      const login = given.email ?? given.username;
      if (login === undefined) throw problem(400, 'invalid_request', 'email is required');
      await room.letterbox.admit(call.origin);
      // Not waited for: how long it takes would tell that there is somebody.
      askForNewPassword(login, call, room).catch((error: Error) => {
        room.logger.error({ event: 'mail.not_queued', error }, 'a letter could not be queued');
      });
      return ASKED;
    }),
  ];
}

/** Anybody may say these: they only tell for which application somebody asks. */
async function checkNames(
  { client_id: id, connection }: { readonly client_id: string; readonly connection: string },
  { clients, connection: directory }: Room,
): Promise<void> {
  if ((await clients.find(id)) === undefined)
    throw problem(403, 'unauthorized_client', 'Unknown client.');
  if (connection !== DATABASE) throw badRequest('invalid_connection', 'Connection does not exist');
  if (!(await directory.isEnabledFor(id)))
    throw badRequest('invalid_connection', CONNECTION_IS_OFF);
}

async function createAccount(
  given: z.output<typeof signUp>,
  origin: Origin,
  { accounts, metadata }: Room,
): Promise<Account> {
  const { email, username, password } = given;
  const claims = claimsOf(given);
  const wanted: NewAccount = { email, emailVerified: false, username, password, claims };
  const review = await accounts.checkNewPassword(password, wanted);
  if (!review.ok) throw passwordTooWeak(review);
  const kept = metadata.beginnings({ user: given.user_metadata ?? {}, app: {} });
  try {
    return await accounts.create(wanted, { by: 'self', origin }, [kept]);
  } catch (error) {
    if (error instanceof PasswordsBusy)
      throw problem(429, 'too_many_requests', 'Too many requests; try again in a moment.');
    // The same whether the address, the name or a field is the reason.
    if (error instanceof AccountExists || error instanceof InvalidAccount)
      throw badRequest('invalid_signup', 'Invalid sign up');
    throw error;
  }
}

function claimsOf(given: object): JsonObject {
  return Object.fromEntries(
    Object.entries(given).filter(([name]) => CLAIMS.some((claim) => claim === name)),
  );
}

function viewOf({ id, email = '', username }: Account, given: z.output<typeof signUp>): JsonObject {
  return {
    _id: id,
    email,
    email_verified: false,
    ...(username !== undefined && { username }),
    ...claimsOf(given),
    ...(given.user_metadata && { user_metadata: given.user_metadata }),
  };
}

async function askToConfirm(
  { id, email = '' }: Account,
  { languages, origin }: ApiCall,
  { clock, emailConfirmation, letterbox }: Room,
): Promise<void> {
  const { url, expiresAt } = await emailConfirmation.link(id, email);
  const hours = Math.round((expiresAt - clock.now()) / HOUR);
  letterbox.post({ to: email, name: 'confirm-email', data: { url, hours }, languages }, origin);
}

/** To the verified address of whoever it is. One that is not verified is to be confirmed first. */
async function askForNewPassword(login: string, call: ApiCall, room: Room): Promise<void> {
  const { accounts, audit, letterbox, profile, registration, tickets } = room;
  const { origin, languages } = call;
  const account = await accounts.findByLogin(login);
  const isLetIn = account?.state === 'active' || account?.state === 'locked';
  if (!registration.canRecover || account?.email === undefined || !isLetIn) return;
  if (!account.emailVerified) {
    await askToConfirm(account, call, room);
    return;
  }
  const { id: accountId, email: to } = account;
  const payload = { email: to };
  const { token } = await tickets.issue({ kind: 'recovery', about: accountId, payload });
  await audit.record({ type: 'account.recovery_link_made', accountId, by: 'self', origin });
  const data = { url: recoveryUrl(profile.issuer, token), minutes: RECOVERY_MINUTES };
  letterbox.post({ to, name: 'recovery', data, languages }, origin);
}

function badRequest(code: string, description: string): ApiProblem {
  return new ApiProblem(400, { name: 'BadRequestError', code, description, statusCode: 400 });
}
