import { foldEmail } from '../accounts/login.ts';
import type { JoiningConfig } from './config.ts';

/** Whether the domain of an address is one of those that may join. */
export function isAllowedAddress(
  address: string,
  { allowedDomains }: Pick<JoiningConfig, 'allowedDomains'>,
): boolean {
  const folded = foldEmail(address);
  if (folded === undefined) return false;
  const domain = folded.slice(folded.lastIndexOf('@') + 1);
  return allowedDomains.length === 0 || allowedDomains.includes(domain);
}
