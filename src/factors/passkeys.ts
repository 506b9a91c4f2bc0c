import type { JsonObject } from '../runtime/json.ts';
import type { Actor } from '../runtime/origin.ts';
import type { FactorAttempt, FactorOutcome } from './factors.ts';

/** A passkey of somebody, as pages show it. */
export interface Passkey {
  /** The credential id, base64url. */
  readonly id: string;
  /** As its owner calls it; at first, by the device. */
  readonly name: string;
  /** What made it: `iCloud Keychain`, `YubiKey 5`. Undefined: it did not say, or is not known. It may lie. */
  readonly device: PasskeyDevice | undefined;
  readonly createdAt: number;
  readonly lastUsedAt: number | undefined;
  /** It may be copied to other devices of its owner, and whether it has been. */
  readonly backup: 'impossible' | 'possible' | 'made';
  /** How it can be reached: `internal`, `hybrid`, `usb`, `nfc`, `ble`. */
  readonly transports: readonly string[];
}

/** A passkey that was just made. */
export interface NewPasskey extends Passkey {
  /** Whoever made it was verified by PIN or biometrics. */
  readonly userVerified: boolean;
}

/** What made a passkey, in a word and as a picture. */
export interface PasskeyDevice {
  readonly name: string;
  /** Which picture stands for it. */
  readonly picture: 'computer' | 'password-manager' | 'phone' | 'security-key';
}

/**
 * `required` where a passkey stands for more than one factor; the outcome says whether it happened. There is no
 * default: whoever asks for less says so.
 */
export type UserVerification = 'required' | 'preferred' | 'discouraged';

/** What the browser is asked, and what the answer must repeat. */
export interface PasskeyChallenge {
  /** For `navigator.credentials`, in the JSON of WebAuthn level 3 (`parseCreationOptionsFromJSON`). */
  readonly options: JsonObject;
  /** Goes into the caller's flow record, which must give it out once: take it away by a swap, then verify. */
  readonly challenge: string;
}

/** A passkey answered rightly. */
export interface PasskeyProven {
  readonly accountId: string;
  readonly passkeyId: string;
  /** It verified its user by PIN or biometrics: by itself more than one factor. */
  readonly userVerified: boolean;
}

/**
 * WebAuthn level 3. Challenges are the caller's. Refused are: another challenge, origin, RP ID or ceremony, an answer
 * out of a frame of another origin, no sign of a user, a user that was not verified where required, an algorithm but
 * ES256, EdDSA and RS256, a passkey or user handle of somebody else, a wrong signature, and a counter that went back.
 */
export interface Passkeys {
  /** False: the issuer's host is an address, for which no browser makes passkeys. */
  readonly available: boolean;
  /** For the person that the flow is about; those they have are excluded. Undefined: no account that may enrol. */
  beginEnrolment(accountId: string): Promise<PasskeyChallenge | undefined>;
  /** The new passkey; undefined: refused. `response` is what the browser sent, unread. Audited. */
  finishEnrolment(answer: {
    readonly accountId: string;
    readonly challenge: string;
    readonly response: unknown;
    /** What its owner calls it; left out: what made it. */
    readonly name?: string | undefined;
    readonly actor: Actor;
  }): Promise<NewPasskey | undefined>;
  /** Without `accountId`: whichever passkey the person picks (discoverable). With it: one of theirs. */
  beginCheck(ask: {
    readonly accountId?: string | undefined;
    readonly userVerification: UserVerification;
  }): Promise<PasskeyChallenge>;
  /** Audited. Without `accountId` the answer says who they are. */
  finishCheck(
    answer: Omit<FactorAttempt, 'accountId'> & {
      readonly accountId?: string | undefined;
      readonly challenge: string;
      readonly response: unknown;
      /** As it was asked for. */
      readonly userVerification: UserVerification;
    },
  ): Promise<FactorOutcome<PasskeyProven>>;
  /** Oldest first. */
  list(accountId: string): Promise<readonly Passkey[]>;
  /** False: no such passkey of theirs, or no name (1 to 60 characters). */
  rename(accountId: string, passkeyId: string, name: string): Promise<boolean>;
  /** False: no such passkey of theirs. Audited. */
  remove(accountId: string, passkeyId: string, actor: Actor): Promise<boolean>;
}
