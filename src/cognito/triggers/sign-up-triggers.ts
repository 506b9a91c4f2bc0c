import { z } from 'zod';
import type { JsonObject } from '../../runtime/json.ts';
import type { AttributeInput, WantedAttributes } from '../attribute-input.ts';
import type { Pool } from '../pool.ts';
import type { PoolUser } from '../users.ts';
import { userAttributes } from './event-parts.ts';
import { readResponse, type Triggers } from './triggers.ts';

/** What `PreSignUp` may decide. */
export interface SignUpDecision {
  readonly isConfirmed: boolean;
  readonly isEmailVerified: boolean;
  readonly isPhoneVerified: boolean;
}

const preSignUp = z.object({
  autoConfirmUser: z.boolean().nullish(),
  autoVerifyEmail: z.boolean().nullish(),
  autoVerifyPhone: z.boolean().nullish(),
});

/** `PreSignUp`, before a user is made. @throws {CognitoException} when it refuses. */
export async function callPreSignUp(
  asked: {
    readonly source: 'PreSignUp_SignUp' | 'PreSignUp_AdminCreateUser';
    readonly pool: Pool;
    readonly clientId: string | undefined;
    readonly username: string;
    readonly attributes: AttributeInput;
    readonly validationData: AttributeInput;
    readonly clientMetadata: JsonObject | undefined;
  },
  triggers: Triggers,
): Promise<SignUpDecision> {
  const { source, pool, clientId, username, attributes, validationData, clientMetadata } = asked;
  const response = await triggers.call({
    trigger: 'PreSignUp',
    source,
    pool,
    clientId,
    userName: username,
    request: {
      userAttributes: valuesByName(attributes),
      validationData: validationData.length === 0 ? null : valuesByName(validationData),
      ...(clientMetadata !== undefined && { clientMetadata }),
    },
    response: { autoConfirmUser: false, autoVerifyEmail: false, autoVerifyPhone: false },
  });
  const said = response && readResponse(response, preSignUp);
  return {
    isConfirmed: said?.autoConfirmUser === true,
    isEmailVerified: said?.autoVerifyEmail === true,
    isPhoneVerified: said?.autoVerifyPhone === true,
  };
}

/** What a user is made of, with what the trigger says of it. */
export function withDecision(
  attributes: WantedAttributes,
  { isEmailVerified, isPhoneVerified }: Omit<SignUpDecision, 'isConfirmed'>,
): WantedAttributes {
  const { claims } = attributes;
  const hasPhone = isPhoneVerified && typeof claims['phone_number'] === 'string';
  return {
    ...attributes,
    ...(isEmailVerified && { emailVerified: true }),
    ...(hasPhone && { claims: { ...claims, phone_number_verified: true } }),
  };
}

/** `PostConfirmation`, once a user is confirmed, which nothing that it says undoes. @throws {CognitoException} */
export async function callPostConfirmation(
  {
    user,
    ...asked
  }: {
    readonly source: 'PostConfirmation_ConfirmSignUp' | 'PostConfirmation_ConfirmForgotPassword';
    readonly user: PoolUser;
    readonly clientId: string | undefined;
    readonly clientMetadata: JsonObject | undefined;
  },
  triggers: Triggers,
): Promise<void> {
  const { source, clientId, clientMetadata } = asked;
  await triggers.call({
    trigger: 'PostConfirmation',
    source,
    pool: user.pool,
    clientId,
    userName: user.row.username,
    request: {
      userAttributes: userAttributes(user),
      ...(clientMetadata !== undefined && { clientMetadata }),
    },
    response: {},
  });
}

function valuesByName(attributes: AttributeInput): JsonObject {
  return Object.fromEntries(attributes.map(({ Name, Value }) => [Name, Value]));
}
