import type { Context } from 'koa';
import { BadForm, FormTooLarge } from '../../http/form.ts';
import { LatchkeyError } from '../../runtime/errors.ts';
import { CognitoException } from '../exception.ts';

/** Errors of RFC 6749 section 5.2. */
type OAuthError =
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_request'
  | 'invalid_scope'
  | 'unauthorized_client'
  | 'unsupported_grant_type';

/** A refusal at the endpoints that programs call. */
export class OAuthProblem extends LatchkeyError {
  readonly code = 'ERR_COGNITO_OAUTH';
  readonly error: OAuthError;

  constructor(error: OAuthError, description: string, options?: ErrorOptions) {
    super(description, options);
    this.error = error;
  }
}

/** Answers as Cognito does: every refusal is a 400, of a client that is not known, too. */
export async function answering(ctx: Context, answer: () => Promise<object>): Promise<void> {
  ctx.set('Cache-Control', 'no-store');
  try {
    ctx.body = await answer();
  } catch (error) {
    const problem = problemOf(error);
    if (problem === undefined) throw error;
    ctx.status = 400;
    ctx.body = { error: problem.error, error_description: problem.message };
  }
}

function problemOf(error: unknown): OAuthProblem | undefined {
  if (error instanceof OAuthProblem) return error;
  if (error instanceof BadForm || error instanceof FormTooLarge)
    return new OAuthProblem('invalid_request', 'the request is not a form as it is asked for', {
      cause: error,
    });
  // What both APIs refuse: a refresh token that is over, a trigger that says no.
  if (error instanceof CognitoException)
    return new OAuthProblem('invalid_grant', error.message, { cause: error });
  return undefined;
}
