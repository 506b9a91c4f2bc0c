import { LatchkeyError } from '../../runtime/errors.ts';

const NAMES = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  413: 'Payload Too Large',
  429: 'Too Many Requests',
} as const;

/** A refusal of the Management API, as its clients read it: the message is for developers, the code for programs. */
export class ManagementProblem extends LatchkeyError {
  readonly code = 'ERR_AUTH0_MANAGEMENT';
  readonly status: keyof typeof NAMES;
  readonly errorCode: string | undefined;

  constructor(
    status: keyof typeof NAMES,
    problem: { readonly message: string; readonly errorCode?: string | undefined },
    options?: ErrorOptions,
  ) {
    super(problem.message, options);
    this.status = status;
    this.errorCode = problem.errorCode;
  }

  /** The body of the answer. */
  toJson(): object {
    return {
      statusCode: this.status,
      error: NAMES[this.status],
      message: this.message,
      errorCode: this.errorCode,
    };
  }
}

/** What was sent cannot be done so. */
export function invalidBody(message: string, cause?: unknown): ManagementProblem {
  const words = `Payload validation error: ${message}`;
  return new ManagementProblem(400, { message: words, errorCode: 'invalid_body' }, { cause });
}
