import { LatchkeyError } from '../../runtime/errors.ts';
import type { JsonObject } from '../../runtime/json.ts';

/** A refusal of the Authentication API outside of the token endpoint, as it is answered. */
export class ApiProblem extends LatchkeyError {
  readonly code = 'ERR_AUTH0_API';
  readonly status: number;
  readonly body: JsonObject;

  constructor(status: number, body: JsonObject) {
    super(`the Authentication API refused a request: ${status}`);
    this.status = status;
    this.body = body;
  }
}

/** In the form that most endpoints have. */
export function problem(status: number, error: string, description: string): ApiProblem {
  return new ApiProblem(status, { error, error_description: description });
}
