import { sha256 } from '../runtime/digest.ts';
import type { DeclaredPerson } from './config.ts';
import { foldEmail, foldUsername } from './login.ts';

const DERIVED_ID_CHARACTERS = 22;

/** What was made of one declared person, as digests: enough to see that nothing has changed since. */
interface Remembered {
  readonly identity: string;
  readonly password: string;
  /** False: taken out of the configuration again, and disabled for it. */
  readonly isDeclared: boolean;
}

/** What earlier starts made of the people of the configuration, by id. */
export type Memory = Readonly<Record<string, Remembered>>;

/** What a start has to do about one person. */
export type Change =
  | { readonly kind: 'create'; readonly id: string; readonly person: DeclaredPerson }
  | {
      readonly kind: 'update';
      readonly id: string;
      readonly person: DeclaredPerson;
      readonly isIdentityChanged: boolean;
      readonly isPasswordChanged: boolean;
      /** Was taken out of the configuration and is in it again. */
      readonly isBack: boolean;
    }
  | { readonly kind: 'dismiss'; readonly id: string };

/** What to do at this start, and what to remember once it is done. */
export interface Plan {
  readonly changes: readonly Change[];
  readonly memory: Memory;
}

/**
 * Holds the people of the configuration against what was made of them before. A person who is no longer
 * declared is dismissed, since whoever takes someone out of the file means them to be out.
 */
export function planPeople(people: readonly DeclaredPerson[], before: Memory): Plan {
  const declared = people.map((person) => ({ id: idOf(person), person }));
  const ids = new Set(declared.map(({ id }) => id));
  const gone = Object.entries(before).filter(([id]) => !ids.has(id));
  const dismissed = gone.filter(([, { isDeclared }]) => isDeclared);
  return {
    changes: [
      ...declared.flatMap(({ id, person }) => changeOf(id, person, before[id])),
      ...dismissed.map(([id]) => ({ kind: 'dismiss', id }) as const),
    ],
    memory: Object.fromEntries([
      ...gone.map(([id, one]) => [id, { ...one, isDeclared: false }] as const),
      ...declared.map(({ id, person }) => [id, digestsOf(id, person)] as const),
    ]),
  };
}

function changeOf(
  id: string,
  person: DeclaredPerson,
  before: Remembered | undefined,
): readonly Change[] {
  if (before === undefined) return [{ kind: 'create', id, person }];
  const now = digestsOf(id, person);
  const isIdentityChanged = now.identity !== before.identity;
  const isPasswordChanged = now.password !== before.password;
  const isBack = !before.isDeclared;
  return isIdentityChanged || isPasswordChanged || isBack
    ? [{ kind: 'update', id, person, isIdentityChanged, isPasswordChanged, isBack }]
    : [];
}

/** Stable: the same person has the same `sub` after the data file was thrown away. */
function idOf({ id, username, email, phone }: DeclaredPerson): string {
  const key = foldUsername(username ?? '') ?? foldEmail(email ?? '') ?? phone ?? '';
  // The letter keeps the id from beginning with `-`, which a command line would take for an option.
  return id ?? `p${sha256(`latchkey person ${key}`).slice(0, DERIVED_ID_CHARACTERS)}`;
}

/** A digest of a password in clear is no secret keeper; only the dev profile has such passwords at all. */
function digestsOf(id: string, person: DeclaredPerson): Remembered {
  const { password, passwordHash, ...identity } = person;
  return {
    identity: sha256(JSON.stringify(identity)),
    password: sha256(JSON.stringify([id, password ?? null, passwordHash ?? null])),
    isDeclared: true,
  };
}
