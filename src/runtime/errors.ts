/**
 * A fault that the program foresaw. Callers, logs and tests match on `code`, which never changes;
 * the message is for operators and may.
 */
export abstract class LatchkeyError extends Error {
  abstract readonly code: `ERR_${string}`;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
