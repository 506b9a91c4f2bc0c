import { LatchkeyError } from '../../runtime/errors.ts';

/** The folder of actions, or a file in it, cannot be used. */
export class BadActions extends LatchkeyError {
  readonly code = 'ERR_BAD_ACTIONS';
}

/** An action came to no end of its own: what it was run for is refused. */
export class ActionFailed extends LatchkeyError {
  readonly code = 'ERR_ACTION_FAILED';
  readonly how: 'crashed' | 'failed' | 'timeout';
  /** Its name; empty: it is not known which one. */
  readonly action: string;

  constructor(how: ActionFailed['how'], action: string, problem: string) {
    super(problem);
    this.how = how;
    this.action = action;
  }
}
