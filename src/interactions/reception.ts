import type { FactorOutcome } from '../factors/factors.ts';
import type { Proof } from '../flows/proofs.ts';
import { seeOther } from '../http/page.ts';
import type { Interaction } from '../provider/contract.ts';
import type { Visit } from './interaction-routes.ts';
import type { SignInStep } from './sign-in-step.ts';

/** Somebody who has proven whose account it is; or who only typed a name, with a password that was wrong. */
export type Caller = Pick<Proof, 'accountId' | 'method'> | { readonly login: string };

/** A second factor of an issuer that sends codes. */
export interface EmailFactor {
  /** Whether somebody may show it. */
  isOpenTo(accountId: string, interaction: Interaction): Promise<boolean>;
  /** Where the code goes. */
  mediumOf(accountId: string, interaction: Interaction): Promise<'email' | 'phone'>;
  /** `unsent`: there is no way for it to go, and the log says why. */
  send(
    visit: Pick<Visit, 'ctx' | 'interaction'>,
    accountId: string,
  ): Promise<
    { readonly kind: 'sent' | 'unsent' } | Extract<FactorOutcome, { readonly kind: 'throttled' }>
  >;
  /** Good once, in the interaction that it was sent for. */
  check(
    visit: Pick<Visit, 'ctx' | 'interaction'>,
    shown: { readonly accountId: string; readonly code: string },
  ): Promise<FactorOutcome>;
}

/** What an issuer knows, beside the directory, of those who sign in at its pages. */
export interface Reception {
  readonly emailFactor: EmailFactor;
  /** Where a request begins, if not at the sign-in: what the client asked for (`start`), where there is such a page. */
  begin(interaction: Interaction): Promise<string | undefined>;
  /** By which name the directory knows whoever types `login`; for nobody, one that nobody has. */
  directoryLogin(login: string, interaction: Interaction): Promise<string>;
  /** Where somebody is led who may not go on as they are. Undefined: they are told what a stranger is told. */
  detour(visit: Pick<Visit, 'ctx' | 'interaction'>, caller: Caller): Promise<string | undefined>;
}

/** Leads somebody who may not go on to where the issuer wants them; false: it has no such place. */
export async function leadAside(
  visit: Visit,
  caller: Caller,
  reception: Reception | undefined,
): Promise<boolean> {
  const url = await reception?.detour(visit, caller);
  if (url === undefined) return false;
  seeOther(visit.ctx, url);
  return true;
}

/** `step`, which whoever has just come is led past to where the client wants them first. */
export function atItsStart(step: SignInStep, reception: Reception | undefined): SignInStep {
  return {
    ...step,
    async show(visit, signIn) {
      const { ctx, interaction, isSomeoneElse } = visit;
      const url = isSomeoneElse ? undefined : await reception?.begin(interaction);
      if (url === undefined) await step.show(visit, signIn);
      else seeOther(ctx, url);
    },
  };
}
