import { LatchkeyError } from '../runtime/errors.ts';

/** How a request ends that could not be done. Each kind has its words on the page, and nothing of the cause. */
export interface Fault {
  readonly kind:
    | 'bad-request'
    | 'forbidden'
    | 'not-found'
    | 'too-large'
    | 'misdirected'
    | 'unavailable'
    | 'overloaded'
    | 'internal';
  readonly status: number;
  readonly retryAfterSeconds?: number | undefined;
}

/** The request cannot be understood. */
export const BAD_REQUEST: Fault = { kind: 'bad-request', status: 400 };
/** Nothing is served at this path. */
export const NOT_FOUND: Fault = { kind: 'not-found', status: 404 };
/** The body is larger than we read. */
export const TOO_LARGE: Fault = { kind: 'too-large', status: 413 };
/** The Host header is not ours (RFC 9110 section 7.4). */
export const MISDIRECTED: Fault = { kind: 'misdirected', status: 421 };
/** As many requests as we take are under way. */
export const OVERLOADED: Fault = { kind: 'overloaded', status: 503, retryAfterSeconds: 1 };

const FORBIDDEN: Fault = { kind: 'forbidden', status: 403 };
const INTERNAL: Fault = { kind: 'internal', status: 500 };
const UNAVAILABLE: Fault = { kind: 'unavailable', status: 503, retryAfterSeconds: 2 };

/** Faults that other rooms foresaw, by the code that never changes. */
const BY_CODE: ReadonlyMap<string, Fault> = new Map([
  ['ERR_STATE_UNAVAILABLE', UNAVAILABLE],
  ['ERR_STATE_FULL', UNAVAILABLE],
  ['ERR_RECORDS_UNAVAILABLE', UNAVAILABLE],
  ['ERR_REVOCATION_UNKNOWN', UNAVAILABLE],
  ['ERR_REVOCATION_UNCONFIRMED', UNAVAILABLE],
  ['ERR_KEY_NOT_SIGNING', UNAVAILABLE],
  ['ERR_PASSWORDS_BUSY', UNAVAILABLE],
  ['ERR_FORM_TOO_LARGE', TOO_LARGE],
  ['ERR_BAD_FORM', BAD_REQUEST],
  ['ERR_CROSS_SITE', FORBIDDEN],
]);

/** What a stranger is told of `error`; of what nobody foresaw, only that it was our fault. */
export function faultOf(error: unknown): Fault {
  const code = codeOf(error);
  const known = code === undefined ? undefined : BY_CODE.get(code);
  if (known !== undefined) return known;
  return isClientsFault(error) ? BAD_REQUEST : INTERNAL;
}

/** The code of the first foreseen fault in the chain: a library may have wrapped it. */
function codeOf(error: unknown, depth = 0): string | undefined {
  if (error instanceof LatchkeyError) return error.code;
  if (!(error instanceof Error) || depth > 4) return undefined;
  return codeOf(error.cause, depth + 1);
}

/** Koa and its router throw errors with a status for what a client got wrong: a path that cannot be decoded. */
function isClientsFault(error: unknown): boolean {
  if (!(error instanceof Error) || !('status' in error)) return false;
  const { status } = error;
  return typeof status === 'number' && status >= 400 && status < 500;
}
