import type { Account } from '../accounts/accounts.ts';
import type { Held, Rights } from '../groups/groups.ts';
import type { Json } from '../runtime/json.ts';

/** Whom claims are about, with what they hold, which is read only when a claim needs it. */
export interface Subject {
  readonly account: Account;
  held(): Promise<Held>;
}

/** Whether an attribute of this name is joined with what the person is and may do. */
export function isRight(attribute: string): attribute is keyof Rights {
  return attribute === 'groups' || attribute === 'roles' || attribute === 'permissions';
}

/**
 * The value of an attribute; `groups`, `roles` and `permissions` joined with the person's rights at `api`, only
 * those that begin with `prefix`. Undefined: there is nothing to tell.
 */
export async function valueOf(
  { account, held }: Subject,
  attribute: string,
  { api, prefix = '' }: { readonly api?: string | undefined; readonly prefix?: string | undefined },
): Promise<Json | undefined> {
  const own = account.attributes[attribute];
  if (!isRight(attribute)) return own;
  const rights = (await held()).rights({ api })[attribute];
  // As it is, whatever its shape: the installation has put it there for whoever reads it.
  if (rights.length === 0 && prefix === '') return own;
  const names = [...textsIn(own), ...rights].filter((name) => name.startsWith(prefix));
  return names.length === 0 ? undefined : [...new Set(names)].toSorted();
}

function textsIn(value: Json | undefined): readonly string[] {
  return [value].flat().filter((one) => typeof one === 'string');
}
