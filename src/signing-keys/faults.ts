import { LatchkeyError } from '../runtime/errors.ts';

/** A key was asked to sign outside its `signing` phase, or after it was revoked. */
export class KeyNotSigning extends LatchkeyError {
  readonly code = 'ERR_KEY_NOT_SIGNING';
}

/** This node is cut off from the state and could not read the rings again: it signs nothing until it has. */
export class SigningSuspended extends LatchkeyError {
  readonly code = 'ERR_SIGNING_SUSPENDED';
}

/** A ring is broken, unreadable or lost. Nothing was changed and no key was made; the message says what to do. */
export class RingBroken extends LatchkeyError {
  readonly code = 'ERR_RING_BROKEN';
}

/** An order of the administration cannot be carried out; nothing was changed. */
export class KeyOrderRefused extends LatchkeyError {
  readonly code = 'ERR_KEY_ORDER_REFUSED';
}

/** The master key is missing, too short, or cannot be kept. */
export class MasterKeyUnusable extends LatchkeyError {
  readonly code = 'ERR_MASTER_KEY_UNUSABLE';
}
