import { LatchkeyError } from '../runtime/errors.ts';

/** The folder of scripts, or a file in it, cannot be used. */
export class BadScripts extends LatchkeyError {
  readonly code = 'ERR_BAD_SCRIPTS';
}

/** A script came to no end of its own, or to one that it does not have by right. */
export class ScriptFailed extends LatchkeyError {
  readonly code = 'ERR_SCRIPT_FAILED';
  /** `failed`: it threw. `crashed`: its process ended. */
  readonly how: 'crashed' | 'failed' | 'timeout';
  /** What is for the log alone: where it threw. */
  readonly detail: string;
  /** What it was at, of those that run one after another; empty: it is not known. */
  readonly part: string;

  constructor(
    how: ScriptFailed['how'],
    problem: string,
    { detail = problem, part = '' }: { readonly detail?: string; readonly part?: string } = {},
  ) {
    super(problem);
    this.how = how;
    this.detail = detail;
    this.part = part;
  }
}
