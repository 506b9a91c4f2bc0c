import { z } from 'zod';
import type { JsonObject } from '../../runtime/json.ts';
import { CognitoException } from '../exception.ts';
import type { PoolUser } from '../users.ts';
import { userAttributes } from './event-parts.ts';
import { readResponse, type Triggers } from './triggers.ts';

/** Why a letter or a text message goes out. */
export type MessageSource =
  | 'AdminCreateUser'
  | 'Authentication'
  | 'ForgotPassword'
  | 'ResendCode'
  | 'SignUp'
  | 'UpdateUserAttribute'
  | 'VerifyUserAttribute';

/** What led to it. */
export interface Occasion {
  readonly source: MessageSource;
  /** Undefined: an operator, or a user by a token, without a client in it. */
  readonly clientId: string | undefined;
  readonly clientMetadata?: JsonObject | undefined;
}

/** An operation of the API led to it, by whoever asked there. */
export function occasionOf(
  source: MessageSource,
  client: { readonly id: string } | undefined,
  { ClientMetadata }: { readonly ClientMetadata?: JsonObject | undefined },
): Occasion {
  return { source, clientId: client?.id, clientMetadata: ClientMetadata };
}

/** What a letter, or a text message, says in place of the words of the house; what is left out stays. */
export interface CustomWords {
  readonly subject?: string;
  readonly html?: string;
  readonly sms?: string;
}

/** Where the code goes, and the name. */
export const CODE = '{####}';
export const USERNAME = '{username}';
const CHARACTERS_MAX = 20_000;
const SUBJECT_MAX = 140;
const SMS_MAX = 140;

const customMessage = z.object({
  emailSubject: z.string().max(SUBJECT_MAX).nullish(),
  emailMessage: z.string().max(CHARACTERS_MAX).nullish(),
  smsMessage: z.string().max(SMS_MAX).nullish(),
});

/**
 * `CustomMessage`, before there is a code: it is given a place for it, and never the code. Undefined: there is no such trigger, or it
 * leaves the words to the house.
 *
 * @throws {CognitoException} when it refuses, or leaves out what it is sent for.
 */
export async function callCustomMessage(
  user: PoolUser,
  { source, clientId, clientMetadata }: Occasion,
  triggers: Triggers,
): Promise<CustomWords | undefined> {
  const isInvitation = source === 'AdminCreateUser';
  const response = await triggers.call({
    trigger: 'CustomMessage',
    source: `CustomMessage_${source}`,
    pool: user.pool,
    clientId,
    userName: user.row.username,
    request: {
      userAttributes: userAttributes(user),
      codeParameter: CODE,
      // Addresses are verified by codes alone.
      linkParameter: null,
      usernameParameter: isInvitation ? USERNAME : null,
      ...(clientMetadata !== undefined && { clientMetadata }),
    },
    response: { smsMessage: null, emailMessage: null, emailSubject: null },
  });
  if (response === undefined) return undefined;
  const said = readResponse(response, customMessage);
  const places = isInvitation ? [CODE, USERNAME] : [CODE];
  for (const name of ['emailMessage', 'smsMessage'] as const) checkPlaces(name, said[name], places);
  const { emailSubject: subject, emailMessage: html, smsMessage: sms } = said;
  const words = { ...(subject && { subject }), ...(html && { html }), ...(sms && { sms }) };
  return Object.keys(words).length > 0 ? words : undefined;
}

function checkPlaces(
  name: 'emailMessage' | 'smsMessage',
  words: string | null | undefined,
  places: readonly string[],
): void {
  const missing = places.find((place) => words && !words.includes(place));
  if (missing !== undefined)
    throw new CognitoException(
      'InvalidLambdaResponseException',
      `Invalid lambda function output : ${name}: must contain ${missing}`,
    );
}

/** What stands in the places. */
export interface Filling {
  readonly code: string;
  readonly username: string;
}

/** With what the places are for. */
export function filledIn({ subject, html, sms }: CustomWords, given: Filling): CustomWords {
  const inHtml = { code: escaped(given.code), username: escaped(given.username) };
  return {
    ...(subject !== undefined && { subject: fill(subject, given) }),
    ...(html !== undefined && { html: fill(html, inHtml) }),
    ...(sms !== undefined && { sms: fill(sms, given) }),
  };
}

function fill(text: string, { code, username }: Filling): string {
  return text.replaceAll(CODE, () => code).replaceAll(USERNAME, () => username);
}

/** What people chose is no markup. */
function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
