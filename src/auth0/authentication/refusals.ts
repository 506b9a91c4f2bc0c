import type { Duty } from '../../flows/duties.ts';
import { GrantRefused } from '../../provider/further-grant.ts';
import type { JsonObject } from '../../runtime/json.ts';
import { CONNECTION_IS_OFF, MULTIFACTOR_REQUIRED } from './names.ts';

/** A refusal at the token endpoint, in Auth0's words. */
function refusal(
  status: number,
  error: string,
  description: string,
  members?: JsonObject,
): GrantRefused {
  return new GrantRefused({ status, error, description, members });
}

/** Unknown, wrong, disabled, expired: nobody learns which. */
export function wrongPassword(): GrantRefused {
  return refusal(403, 'invalid_grant', 'Wrong email or password.');
}

/** Wrong, used before, too late, or to nobody's address. */
export function wrongEmailCode(): GrantRefused {
  return refusal(403, 'invalid_grant', 'Wrong email or verification code.');
}

/** The same of a number. */
export function wrongSmsCode(): GrantRefused {
  return refusal(403, 'invalid_grant', 'Wrong phone number or verification code.');
}

/** So many guesses were made that this path is blocked for a while. */
export function tooManyAttempts(): GrantRefused {
  const words = 'Your account has been blocked after multiple consecutive login attempts.';
  return refusal(429, 'too_many_attempts', words);
}

/** So many passwords are being checked that this one was turned away. */
export function tooBusy(): GrantRefused {
  return refusal(429, 'too_many_requests', 'Too many requests; try again in a moment.');
}

/** Something that the grant cannot do without was not sent. */
export function missing(name: string): GrantRefused {
  return refusal(400, 'invalid_request', `Missing required parameter: ${name}`);
}

/** A directory that the tenant does not have. */
export function unknownRealm(): GrantRefused {
  return refusal(400, 'invalid_request', 'Specified realm is not found.');
}

/** The installation lets nobody sign in in this way. */
export function grantIsOff(grantType: string): GrantRefused {
  const words = `Grant type '${grantType}' not allowed for the client.`;
  return refusal(403, 'unauthorized_client', words);
}

/** The application signs nobody in. */
export function connectionIsOff(): GrantRefused {
  return refusal(403, 'unauthorized_client', CONNECTION_IS_OFF);
}

/** `what`: the parameter that was wrong. */
export function wrongCode(what: 'otp' | 'recovery_code'): GrantRefused {
  return refusal(403, 'invalid_grant', `Invalid ${what}.`);
}

/** The sign-in that is to be finished is over, was finished, or is of another client. */
export function deadMfaToken(): GrantRefused {
  return refusal(403, 'expired_token', 'mfa_token is expired');
}

/** A second factor is to be shown, or set up: `requirements` says what can be. */
export function mfaRequired(mfaToken: string, requirements: JsonObject): GrantRefused {
  return refusal(403, 'mfa_required', MULTIFACTOR_REQUIRED, {
    mfa_token: mfaToken,
    mfa_requirements: requirements,
  });
}

/** What somebody has to do at our pages before they are let in. */
export function dutyFirst(duty: Duty): GrantRefused {
  switch (duty) {
    case 'new-password':
      return refusal(403, 'password_change_required', 'The password has to be changed.');
    case 'verify-email':
      return refusal(403, 'access_denied', 'Please verify your email before logging in.');
    case 'terms':
      return refusal(
        403,
        'access_denied',
        'The terms have to be accepted at the login page first.',
      );
  }
}
