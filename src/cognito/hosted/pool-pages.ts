import type { Context } from 'koa';
import { languagesOf, sendPage } from '../../http/page.ts';
import type { Renderer } from '../../http/renderer.ts';
import type { Interaction } from '../../provider/contract.ts';
import { CognitoException, type ExceptionName } from '../exception.ts';
import type { PasswordPolicy } from '../pool.ts';

/** Why a form was not taken. `told`: in the words of the operator's own code. */
export type Problem =
  | { readonly kind: 'none' | 'taken' | 'password' | 'details' | 'code' | 'limit' }
  | { readonly kind: 'told'; readonly text: string };

/** One thing that a password needs, and a number for it. */
interface Rule {
  readonly name: 'length' | 'uppercase' | 'lowercase' | 'number' | 'symbol';
  readonly count: number;
}

/** Pages at which people become users of a pool, and set a new password, with all that their templates read. */
export interface PoolPages {
  readonly 'pool/sign-up': {
    readonly client: string;
    /** Their address is what they sign in by. */
    readonly byEmail: boolean;
    /** Their telephone number is; an address may be left out. */
    readonly byPhone: boolean;
    readonly login: string;
    readonly email: string;
    /** What the pool asks of everybody beside these, by its name there. */
    readonly attributes: readonly { readonly name: string; readonly value: string }[];
    readonly rules: readonly Rule[];
    readonly problem: Problem;
    readonly signInUrl: string;
    readonly csrf: string;
  };
  readonly 'pool/forgot': {
    readonly login: string;
    /** They were led here: without a new password they do not get in. */
    readonly isReset: boolean;
    readonly problem: Problem;
    readonly csrf: string;
  };
  readonly 'pool/new-password': {
    readonly login: string;
    readonly rules: readonly Rule[];
    readonly problem: Problem;
    readonly csrf: string;
  };
  /** No page: what a text message says. */
  readonly 'pool/text-message': {
    readonly kind: 'code' | 'invitation';
    readonly code: string;
    readonly username: string;
  };
  readonly 'pool/code': {
    /** Where the code went, masked, or else what they typed for a name. */
    readonly to: string;
    /** Whoever mistyped their address may begin anew. */
    readonly isOpen: boolean;
    readonly problem: Problem;
    readonly signInUrl: string;
    readonly csrf: string;
  };
}

export const NO_PROBLEM: Problem = { kind: 'none' };

/** Answers with a page in the language that the application asks for (`lang`), or that whoever reads it does. */
export type ShowPoolPage = <Name extends Exclude<keyof PoolPages, 'pool/text-message'>>(
  visit: { readonly ctx: Context; readonly interaction: Pick<Interaction, 'uiLocales'> },
  name: Name,
  page: PoolPages[Name],
) => Promise<void>;

export function createShowPoolPage(renderer: Renderer): ShowPoolPage {
  return async ({ ctx, interaction }, name, page) => {
    const isFine = page.problem.kind === 'none';
    const languages = languagesOf(ctx, interaction.uiLocales);
    const html = await renderer.render(name, page, languages);
    sendPage(ctx, html, { status: isFine ? 200 : 422 });
  };
}

const KINDS: Partial<Record<ExceptionName, Exclude<Problem['kind'], 'told'>>> = {
  AliasExistsException: 'taken',
  CodeMismatchException: 'code',
  ExpiredCodeException: 'code',
  InvalidPasswordException: 'password',
  LimitExceededException: 'limit',
  TooManyRequestsException: 'limit',
  UsernameExistsException: 'taken',
};

/** Does `work`. Undefined: it is done. */
export async function problemOf(work: () => Promise<unknown>): Promise<Problem | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof CognitoException)) throw error;
    if (error.type === 'UserLambdaValidationException')
      return { kind: 'told', text: error.message };
    return { kind: KINDS[error.type] ?? 'details' };
  }
}

/** What a password needs in the pool, in the order in which people read it. */
export function rulesOf(policy: PasswordPolicy): readonly Rule[] {
  const classes = [
    [policy.requireUppercase, 'uppercase'],
    [policy.requireLowercase, 'lowercase'],
    [policy.requireNumbers, 'number'],
    [policy.requireSymbols, 'symbol'],
  ] as const;
  const asked = classes.flatMap(([isAsked, name]) => (isAsked ? [{ name, count: 1 }] : []));
  return [{ name: 'length', count: policy.minimumLength }, ...asked];
}
