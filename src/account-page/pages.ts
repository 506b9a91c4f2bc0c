import type { PasswordWords } from '../accounts/password-words.ts';
import type { ShownAttribute } from '../accounts/typed-attributes.ts';
import type { AskedFor, askedFor } from '../http/asked-for.ts';
import type { Device } from '../http/user-agent.ts';

/** Where in the account somebody is: one entry of its navigation. */
export type Section =
  | 'overview'
  | 'profile'
  | 'security'
  | 'devices'
  | 'clients'
  | 'activity'
  | 'data';

/** What the frame around every page shows of the person. Empty text: there is none. */
export interface Me {
  readonly name: string;
  readonly login: string;
  readonly initial: string;
  /** An https URL. */
  readonly picture: string;
}

/** What every page of the account is given beside its own. */
export interface Frame {
  readonly section: Section;
  readonly me: Me;
  readonly csrf: string;
  /** What has just been done, as the end of a message's key; empty: nothing. */
  readonly done: string;
}

/** Why something was not done. */
export type Problem =
  | { readonly kind: 'none' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'throttled'; readonly unit: 'seconds' | 'minutes'; readonly count: number };

/** What stands of one limit on guessing. */
export interface ShownLimit {
  /** The end of the key of its message. */
  readonly what: 'password' | 'totp' | 'recovery-code' | 'email-code' | 'sms-code';
  readonly who: 'strangers' | 'acquaintances';
  /** The sign-in name that was guessed at; empty: the codes are the account's. */
  readonly login: string;
  readonly failures: number;
  readonly max: number;
  readonly isReached: boolean;
}

/** Something that happened, in words of the catalogs. */
export interface ShownEvent {
  /** The end of a message's key. */
  readonly what: string;
  /** NumericDate. */
  readonly at: number;
  readonly device: Device;
  /** Empty: it did not come from outside; the operators did it. */
  readonly address: string;
  /** The name of the client that it was about; empty: none. */
  readonly client: string;
  /** Something that its owner should look at twice. */
  readonly isAlarming: boolean;
}

export interface ShownPasskey {
  /** Where it is renamed and removed. */
  readonly url: string;
  readonly name: string;
  /** What made it; empty: not known. */
  readonly device: string;
  readonly picture: 'computer' | 'password-manager' | 'phone' | 'security-key';
  readonly createdAt: number;
  /** 0: never. */
  readonly lastUsedAt: number;
  /** It is on several devices of its owner. */
  readonly isSynced: boolean;
}

export interface ShownSession {
  readonly uid: string;
  readonly device: Device;
  readonly address: string;
  readonly signedInAt: number;
  readonly lastSeenAt: number;
  readonly isHere: boolean;
}

export interface ShownClient {
  readonly id: string;
  readonly name: string;
  readonly initial: string;
  /** An https URL; empty: none that can be shown. */
  readonly logo: string;
  /** Its home page, and the host of that; empty: not known. */
  readonly uri: string;
  readonly site: string;
  /** Where a sign-in there begins; empty: nowhere. */
  readonly startUri: string;
  /** What people know the tenant or pool by that it belongs to; empty: this service. */
  readonly partOf: string;
  readonly isOwn: boolean;
  readonly scopes: readonly AskedFor[];
  readonly claims: readonly AskedFor[];
  readonly resources: readonly {
    readonly name: string;
    readonly scopes: readonly { readonly description: string }[];
  }[];
  /** 0: not known. */
  readonly since: number;
  /** 0: not within memory. */
  readonly lastUsedAt: number;
}

/** A client that waits for somebody to answer. */
export interface ShownRequest extends ReturnType<typeof askedFor> {
  readonly id: string;
  readonly name: string;
  readonly initial: string;
  /** An https URL; empty: none that can be shown. */
  readonly logo: string;
  /** The host of its home page; empty: not known. */
  readonly site: string;
  /** What the person sees there, too; empty: nothing. */
  readonly message: string;
  readonly expiresAt: number;
}

/** Every page of this room, with all that its template may read beside the frame. */
export interface Pages {
  readonly 'account/overview': {
    readonly email: string;
    readonly isEmailVerified: boolean;
    readonly hasPassword: boolean;
    readonly passkeys: number;
    readonly hasApp: boolean;
    readonly recoveryCodes: number;
    readonly sessions: number;
    readonly clients: number;
    /** Ends of keys of messages, the most urgent first. */
    readonly advice: readonly { readonly what: string; readonly url: string }[];
    readonly events: readonly ShownEvent[];
  };
  readonly 'account/profile': {
    readonly email: string;
    readonly isEmailVerified: boolean;
    readonly values: { readonly name: string; readonly picture: string; readonly locale: string };
    readonly languages: readonly { readonly tag: string; readonly name: string }[];
    readonly attributes: readonly ShownAttribute[];
    /** Names of the fields that cannot be as they are. */
    readonly wrong: readonly string[];
  };
  readonly 'account/email': {
    readonly email: string;
    readonly isEmailVerified: boolean;
    readonly typed: string;
    readonly problem: Problem;
  };
  readonly 'account/email-code': { readonly typed: string; readonly problem: Problem };
  readonly 'account/security': {
    readonly hasPassword: boolean;
    readonly passkeys: readonly ShownPasskey[];
    readonly arePasskeysOffered: boolean;
    /** NumericDate; 0: none is set up. */
    readonly appSince: number;
    readonly appUsedAt: number;
    readonly recoveryCodes: number;
  };
  readonly 'account/password': PasswordWords & {
    readonly hasPassword: boolean;
    /** What password managers file it under. */
    readonly login: string;
    readonly canRemove: boolean;
  };
  readonly 'account/passkey-add': {
    readonly challengeUrl: string;
    readonly action: string;
    readonly problem: Problem;
  };
  readonly 'account/passkey': {
    readonly passkey: ShownPasskey;
    readonly canRemove: boolean;
    readonly isNameWrong: boolean;
  };
  readonly 'account/authenticator': {
    /** Replaces one that is set up. */
    readonly isReplacing: boolean;
    readonly qr: { readonly size: number; readonly path: string };
    readonly key: string;
    readonly uri: string;
    readonly action: string;
    readonly problem: Problem;
  };
  readonly 'account/authenticator-remove': object;
  readonly 'account/recovery-codes': {
    readonly left: number;
    /** Just made, to be shown this once; empty: not now. */
    readonly codes: readonly string[];
    /** A `data:` URL of the same as a text. */
    readonly download: string;
  };
  readonly 'account/devices': {
    readonly sessions: readonly ShownSession[];
    readonly remembered: readonly {
      readonly id: string;
      readonly device: Device;
      readonly createdAt: number;
      readonly lastUsedAt: number;
      readonly expiresAt: number;
    }[];
  };
  readonly 'account/clients': { readonly clients: readonly ShownClient[] };
  readonly 'account/requests': {
    readonly requests: readonly ShownRequest[];
    readonly problem: { readonly kind: 'none' | 'gone' | 'more-proof' };
  };
  readonly 'account/activity': {
    readonly events: readonly ShownEvent[];
    readonly days: number;
    /** Failed attempts in a row that count towards a limit. */
    readonly limits: readonly ShownLimit[];
    /** Where the older ones are; empty: there are none. */
    readonly older: string;
    readonly isFirst: boolean;
  };
  readonly 'account/data': { readonly mayDelete: boolean };
  readonly 'account/delete': { readonly login: string; readonly isWrong: boolean };
}

/** Pages for people who are not, or no longer, signed in. */
export interface OutsidePages {
  readonly 'account/not-signed-in': object;
  readonly 'account/password-changed': object;
  readonly 'account/deleted': object;
  /** `code` empty: the link is good no more. `url`: where the code is to be typed; `csrf` empty: not in this browser. */
  readonly 'account/email-link': {
    readonly code: string;
    readonly url: string;
    readonly csrf: string;
  };
  readonly 'account/restore': {
    readonly kind: 'not-me' | 'email-change-undo';
    readonly state: 'asks' | 'done' | 'gone';
    readonly email: string;
    readonly csrf: string;
  };
}
