import { seeOther } from '../http/page.ts';
import type { Interaction } from '../provider/contract.ts';
import type { Visit } from './interaction-routes.ts';

/** Somebody who has proven whose account it is; or who only typed a name, with a password that was wrong. */
export type Caller = { readonly accountId: string } | { readonly login: string };

/** What an issuer knows, beside the directory, of those who sign in at its pages. */
export interface Reception {
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
