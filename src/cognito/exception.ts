import { LatchkeyError } from '../runtime/errors.ts';

/** Names by which SDKs tell one refusal from another. */
export type ExceptionName =
  | 'AliasExistsException'
  | 'CodeMismatchException'
  | 'EnableSoftwareTokenMFAException'
  | 'ExpiredCodeException'
  | 'GroupExistsException'
  | 'InvalidLambdaResponseException'
  | 'InvalidOAuthFlowException'
  | 'InvalidParameterException'
  | 'InvalidPasswordException'
  | 'InvalidSignatureException'
  | 'InvalidSmsRoleAccessPolicyException'
  | 'LimitExceededException'
  | 'MissingAuthenticationTokenException'
  | 'NotAuthorizedException'
  | 'PasswordResetRequiredException'
  | 'ResourceNotFoundException'
  | 'ScopeDoesNotExistException'
  | 'SerializationException'
  | 'SoftwareTokenMFANotFoundException'
  | 'TooManyRequestsException'
  | 'UnexpectedLambdaException'
  | 'UnknownOperationException'
  | 'UnrecognizedClientException'
  | 'UnsupportedTokenTypeException'
  | 'UnsupportedUserStateException'
  | 'UserLambdaValidationException'
  | 'UserNotConfirmedException'
  | 'UserNotFoundException'
  | 'UsernameExistsException';

/** A refusal as Cognito words it: its name and message are what applications show and match on. */
export class CognitoException extends LatchkeyError {
  readonly code = 'ERR_COGNITO';
  readonly type: ExceptionName;

  constructor(type: ExceptionName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.type = type;
  }
}

/** Whatever was wrong about a name and what was shown for it. */
export function incorrectCredentials(): CognitoException {
  return new CognitoException('NotAuthorizedException', 'Incorrect username or password.');
}

/** Nobody gets in before the code of a letter has set a password. */
export function passwordResetRequired(): CognitoException {
  return new CognitoException(
    'PasswordResetRequiredException',
    'Password reset required for the user',
  );
}

/** So much was asked for, or guessed, that nothing more is looked at for now. */
export function limitExceeded(): CognitoException {
  return new CognitoException(
    'LimitExceededException',
    'Attempt limit exceeded, please try after some time.',
  );
}

/** There is no way for text messages, though the pool wants one: at AWS, a role that may not send them. */
export function cannotText(options: ErrorOptions): CognitoException {
  return new CognitoException(
    'InvalidSmsRoleAccessPolicyException',
    'Text messages cannot be sent.',
    options,
  );
}

/** A code of a letter that is wrong. */
export function wrongCode(): CognitoException {
  return new CognitoException(
    'CodeMismatchException',
    'Invalid verification code provided, please try again.',
  );
}

/** No code of a letter is good any more: it was used, came too late, or there never was one. */
export function expiredCode(): CognitoException {
  return new CognitoException(
    'ExpiredCodeException',
    'Invalid code provided, please request a code again.',
  );
}

/** A code of an app that is wrong, was used, or came too late. */
export function codeMismatch(): CognitoException {
  return new CognitoException('CodeMismatchException', 'Invalid code received for user');
}

/** What the configuration declares, the API does not change. */
export function declaredHere(what: string): CognitoException {
  return new CognitoException(
    'InvalidParameterException',
    `The configuration declares this ${what}: it is changed there.`,
  );
}

/** A sign-in that is over, or was never begun. */
export function invalidSession(): CognitoException {
  return new CognitoException(
    'NotAuthorizedException',
    'Invalid session for the user, session can only be used once.',
  );
}
