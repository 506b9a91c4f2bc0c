import type { Actor, Origin } from '../runtime/origin.ts';

/** A browser that need not show the second factor again for a while. */
export interface RememberedDevice {
  readonly id: string;
  /** The browser's `User-Agent` when it was remembered. */
  readonly userAgent: string | undefined;
  readonly createdAt: number;
  /** To the day. */
  readonly lastUsedAt: number;
  readonly expiresAt: number;
}

/**
 * "Remember this device". It spares the second factor and never the first: no outcome of this room is a proof. A new
 * password, a reset, a lock and `removeAll` end it, on every node at once.
 */
export interface RememberedDevices {
  /** The token (256 bits) for a cookie, hashed at rest. Undefined: no account that may, or switched off. Audited. */
  remember(ask: {
    readonly accountId: string;
    readonly origin: Origin;
  }): Promise<{ readonly token: string; readonly expiresAt: number } | undefined>;
  /** Whether `token` is of a device that this very account remembered. */
  isRemembered(accountId: string, token: string): Promise<boolean>;
  /** The last remembered first. */
  list(accountId: string): Promise<readonly RememberedDevice[]>;
  /** False: no such device of theirs. Audited. */
  forget(accountId: string, deviceId: string, actor: Actor): Promise<boolean>;
  /** Gives how many there were. Audited. */
  forgetAll(accountId: string, actor: Actor): Promise<number>;
}
