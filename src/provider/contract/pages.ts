import type { Context } from 'koa';
import type { ClientView } from './consent.ts';

/** An answer that cannot be given to the client by redirect, for a page of ours. */
export interface ProtocolProblem {
  /** The OAuth error code: `invalid_redirect_uri`, `invalid_request`, ... */
  readonly error: string;
  /** Safe to show: says what the client did wrong, nothing of us. */
  readonly description: string;
  readonly status: number;
}

/** The pages that the engine shows at its own endpoints; `interactions/` makes them. */
export interface ProtocolPages {
  problem(ctx: Context, problem: ProtocolProblem): Promise<void>;
  /** Sign-out needs a yes: posts `xsrf` (and `logout=yes`, or nothing to stay) to `action`. */
  confirmSignOut(
    ctx: Context,
    page: {
      readonly action: string;
      readonly xsrf: string;
      readonly client: ClientView | undefined;
    },
  ): Promise<void>;
  /** Somebody else is signed in here: posts `xsrf` and `logout=yes` to `action`, at once where the browser can. */
  switchAccount(
    ctx: Context,
    page: { readonly action: string; readonly xsrf: string },
  ): Promise<void>;
  signedOut(ctx: Context, page: { readonly client: ClientView | undefined }): Promise<void>;
  /** RFC 8628 section 3.3: posts `xsrf` and `user_code` to `action`. */
  enterDeviceCode(
    ctx: Context,
    page: {
      readonly action: string;
      readonly xsrf: string;
      readonly problem: DeviceProblem;
      /** What a link brought along; unchecked text. */
      readonly code: string;
    },
  ): Promise<void>;
  /** Posts `confirm=yes`, or `abort=yes`, beside them. */
  confirmDevice(
    ctx: Context,
    page: {
      readonly action: string;
      readonly xsrf: string;
      readonly code: string;
      readonly client: ClientView;
    },
  ): Promise<void>;
  deviceConnected(ctx: Context, page: { readonly client: ClientView | undefined }): Promise<void>;
}

/** What is wrong with a device's code. `refused`: the person has said no. */
export type DeviceProblem =
  | 'none'
  | 'missing'
  | 'unknown'
  | 'expired'
  | 'used'
  | 'refused'
  | 'throttled'
  | 'failed';
