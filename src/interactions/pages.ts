import type { Context } from 'koa';
import type { PasswordWords } from '../accounts/password-words.ts';
import type { SecondFactor } from '../flows/requirement.ts';
import type { ConsentRequest, DeviceProblem } from '../provider/contract.ts';
import type { AskedFor } from '../http/asked-for.ts';
import type { FaultPage } from '../http/fault-answer.ts';
import { languagesOf, sendPage } from '../http/page.ts';
import { createMoulds } from '../http/moulds.ts';
import type { Renderer } from '../http/renderer.ts';

/** A client as a page shows it. Empty text: not known. */
export interface ClientCard {
  readonly name: string;
  /** Of the document that describes it, where nobody registered it; empty for all others. */
  readonly host: string;
  readonly logoUri: string;
  /** The host of its home page, and the page. */
  readonly site: string;
  readonly uri: string;
  readonly policyUri: string;
  readonly tosUri: string;
}

/** An account as its owner knows it. */
export interface AccountCard {
  /** A full name, or what is there in its place. */
  readonly name: string;
  /** What the person signs in with; empty when it is the name already. */
  readonly login: string;
  readonly initial: string;
}

/** What goes with every form: its proof of coming from our own page. */
interface Form {
  readonly csrf: string;
}

/** Why a step did not succeed. One word for all that is wrong with name, password or code. */
export type Problem =
  | { readonly kind: 'none' }
  /** A passkey that was not accepted, for whatever reason. */
  | { readonly kind: 'passkey' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'throttled'; readonly unit: 'seconds' | 'minutes'; readonly count: number }
  | { readonly kind: 'busy' }
  /** A code that could not be sent. */
  | { readonly kind: 'unsent' };

export interface SignInPage extends Form {
  readonly client: ClientCard;
  /** Why someone who has a session is asked again. */
  readonly again: 'no' | 'asked' | 'too-long-ago';
  readonly methods: {
    readonly password: boolean;
    readonly passkey: boolean;
    readonly emailCode: boolean;
  };
  /** Where the page's script asks what a passkey is to sign. */
  readonly passkeyUrl: string;
  readonly problem: Problem;
  readonly login: string;
  readonly remember: boolean;
  /** Where an account is made, and where one is recovered; empty: nowhere. */
  readonly joinUrl: string;
  readonly recoverUrl: string;
  /** The way back to the account of the session; empty: there is none. */
  readonly back: string;
}

export interface EmailCodePage extends Form {
  readonly client: ClientCard;
  /** What was typed, whoever that is. */
  readonly login: string;
  readonly problem: Problem;
}

export interface VerifyEmailPage extends Form {
  readonly client: ClientCard;
  readonly email: string;
  readonly problem: Problem;
}

export interface SecondFactorPage extends Form {
  readonly client: ClientCard;
  readonly account: AccountCard;
  readonly method: SecondFactor;
  /** Where codes go that are sent (`email-code`). */
  readonly medium: 'email' | 'phone';
  readonly others: readonly { readonly method: SecondFactor; readonly url: string }[];
  readonly passkeyUrl: string;
  /** For how many days this browser may be spared it; 0: not at all. */
  readonly rememberDays: number;
  readonly problem: Problem;
}

export interface EnrolPage extends Form {
  readonly client: ClientCard;
  readonly account: AccountCard;
  readonly qr: { readonly size: number; readonly path: string };
  /** The secret, to be typed where there is no camera. */
  readonly key: string;
  readonly uri: string;
  readonly passkey: boolean;
  readonly passkeyUrl: string;
  readonly problem: Problem;
}

export interface NewPasswordPage extends Form, PasswordWords {
  readonly client: ClientCard;
  readonly account: AccountCard;
}

export interface RecoveryCodesPage extends Form {
  readonly client: ClientCard;
  readonly account: AccountCard;
  /** Empty: none were made yet. */
  readonly codes: readonly string[];
  /** A `data:` address with the codes. */
  readonly download: string;
}

export interface TermsPage extends Form {
  readonly client: ClientCard;
  readonly account: AccountCard;
  readonly url: string;
  readonly version: string;
  /** An earlier version was accepted. */
  readonly isChanged: boolean;
}

export interface SelectAccountPage extends Form {
  readonly client: ClientCard;
  readonly account: AccountCard;
  readonly another: string;
}

export interface ConsentPage extends Form {
  readonly client: ClientCard;
  readonly account: AccountCard;
  /** Where to sign in as somebody else; empty: a button of the form begins the sign-in anew. */
  readonly another: string;
  /** Names what is asked of whom. */
  readonly shown: string;
  readonly scopes: readonly AskedFor[];
  readonly claims: readonly AskedFor[];
  readonly resources: ConsentRequest['resources'];
  readonly details: ConsentRequest['details'];
}

export interface ProblemPage {
  readonly error: string;
  readonly description: string;
  readonly requestId: string;
}

export interface SignOutPage {
  readonly action: string;
  readonly xsrf: string;
  /** Empty: the person came by themselves. */
  readonly clientName: string;
}

export interface SwitchAccountPage {
  readonly action: string;
  readonly xsrf: string;
}

export interface SignedOutPage {
  readonly clientName: string;
  readonly uri: string;
}

export interface DevicePage {
  readonly action: string;
  readonly xsrf: string;
  readonly problem: DeviceProblem;
  readonly code: string;
}

export interface DeviceConfirmPage {
  readonly action: string;
  readonly xsrf: string;
  readonly code: string;
  readonly client: ClientCard;
}

/** Every page of this room, with all that its template may read. */
export interface Pages {
  readonly 'sign-in': SignInPage;
  readonly 'select-account': SelectAccountPage;
  readonly consent: ConsentPage;
  readonly 'email-code': EmailCodePage;
  readonly 'verify-email': VerifyEmailPage;
  readonly 'second-factor': SecondFactorPage;
  readonly enrol: EnrolPage;
  readonly 'recovery-codes': RecoveryCodesPage;
  readonly 'new-password': NewPasswordPage;
  readonly terms: TermsPage;
  /** Empty: the link is of no use any more. */
  readonly 'sign-in-link': { readonly code: string };
  readonly expired: { readonly requestId: string };
  readonly problem: ProblemPage;
  readonly fault: FaultPage;
  readonly 'sign-out': SignOutPage;
  readonly 'switch-account': SwitchAccountPage;
  readonly 'signed-out': SignedOutPage;
  readonly device: DevicePage;
  readonly 'device-confirm': DeviceConfirmPage;
  /** Empty: it was not told which. */
  readonly 'device-done': { readonly clientName: string };
}

/** How a page is answered: 200 when left out. */
interface Manner<Page> {
  readonly status?: number | undefined;
  /** What the client asked for by `ui_locales`. */
  readonly uiLocales?: readonly string[] | undefined;
  /** The logo of a client, from elsewhere; empty: none. */
  readonly image?: string | undefined;
  /** What alone differs from one reader to the next: all else is rendered once. */
  readonly words?: readonly (keyof Page & string)[];
}

/** Answers with a page in the language of whoever reads it. */
export type ShowPage = <Name extends keyof Pages>(
  ctx: Context,
  name: Name,
  page: Pages[Name],
  manner?: Manner<Pages[Name]>,
) => Promise<void>;

/** Over any renderer that has the templates. */
export function createShowPage(renderer: Renderer): ShowPage {
  const moulds = createMoulds(renderer);
  return async (ctx, name, page, manner = {}) => {
    const { status = 200, uiLocales = [], image = '', words = [] } = manner;
    const languages = languagesOf(ctx, uiLocales);
    const html = await (words.length === 0
      ? renderer.render(name, page, languages)
      : moulds.render(name, page, words, languages));
    sendPage(ctx, html, { status, image: image === '' ? undefined : image });
  };
}
