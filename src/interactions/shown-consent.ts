import type { ConsentRequest } from '../provider/contract.ts';
import { sha256 } from '../runtime/digest.ts';

/**
 * Names what was shown to whom. No secret: the form has a token beside it. What came to be asked in a later
 * release is named only where it is asked: a page of either release must be good at the other's nodes.
 */
export function nameOfShown(accountId: string, asked: ConsentRequest): string {
  const { details, ...always } = asked;
  return sha256(JSON.stringify([accountId, details.length > 0 ? asked : always]));
}
