import type { Json, JsonObject } from '../../runtime/json.ts';
import { ManagementProblem } from './problem.ts';

/** A search for users, read. */
export interface UserSearch {
  matches(user: JsonObject): boolean;
  /** What `field` is of every user who is found, in the letters of the search; undefined: nothing in particular. */
  exact(field: string): string | undefined;
}

interface Term {
  readonly field: string;
  /** As it was written. */
  readonly text: string;
  /** `text` in lower case. */
  readonly value: string;
  /** `*` stands for any characters. */
  readonly isPattern: boolean;
}

/** Alternatives, each of terms that must all match. */
type Alternatives = readonly (readonly Term[])[];

const CHARACTERS_MAX = 1000;
const TOKENS_MAX = 40;
const WILDCARDS_MAX = 5;
const TOKEN =
  /\s*(?:(?<word>AND|OR)(?=\s)|(?<field>[A-Za-z_][\w.-]*):(?:"(?<phrase>(?:[^"\\]|\\.)*)"|(?<bare>[^\s"()[\]{}<>:^~]+)))/y;

/**
 * The part of Lucene's language that is known here: `field:value`, `field:"a value"` and `*` in values without quotes,
 * joined by AND and OR, of which AND binds first. Letters count in either case, and fields may be paths
 * (`user_metadata.plan`).
 *
 * @throws {ManagementProblem} for anything else.
 */
export function readSearch(q: string): UserSearch {
  const alternatives = parse(q);
  return {
    matches: (user) => alternatives.some((terms) => terms.every((term) => holds(term, user))),
    exact(field) {
      const [only, ...others] = alternatives;
      if (only === undefined || others.length > 0) return undefined;
      return only.find((term) => term.field === field && !term.isPattern)?.text;
    },
  };
}

function parse(q: string): Alternatives {
  if (q.length > CHARACTERS_MAX) throw unknownPart(`${CHARACTERS_MAX} characters at most`);
  const tokens = tokensOf(q);
  if (tokens.length > TOKENS_MAX) throw unknownPart('too many terms');
  const alternatives: Term[][] = [[]];
  for (const [place, token] of tokens.entries()) {
    const isTerm = typeof token === 'object';
    // Two terms side by side would be joined by OR at Auth0, and by AND in the minds of most: neither is guessed.
    if (isTerm !== (place % 2 === 0)) throw unknownPart('every two terms are joined by AND or OR');
    if (isTerm) alternatives.at(-1)?.push(token);
    else if (token === 'OR') alternatives.push([]);
  }
  if (tokens.length % 2 === 0) throw unknownPart('it ends where a term was expected');
  return alternatives;
}

function tokensOf(q: string): readonly (Term | 'AND' | 'OR')[] {
  const tokens: (Term | 'AND' | 'OR')[] = [];
  for (let at = 0; q.slice(at).trim() !== '';) {
    TOKEN.lastIndex = at;
    const groups = TOKEN.exec(q)?.groups;
    if (groups === undefined) throw unknownPart(`not understood at "${q.slice(at).trim()}"`);
    at = TOKEN.lastIndex;
    const { word } = groups;
    tokens.push(word === 'AND' || word === 'OR' ? word : termOf(groups));
  }
  return tokens;
}

function termOf({ field = '', phrase, bare = '' }: Readonly<Record<string, string>>): Term {
  const text = phrase?.replaceAll(/\\(.)/g, '$1') ?? bare;
  const wildcards = phrase === undefined ? text.split('*').length - 1 : 0;
  if (wildcards > WILDCARDS_MAX) throw unknownPart(`${WILDCARDS_MAX} wildcards in a value at most`);
  if (bare.includes('?')) throw unknownPart('"?" is not known');
  return { field, text, value: text.toLowerCase(), isPattern: wildcards > 0 };
}

function holds({ field, value, isPattern }: Term, user: JsonObject): boolean {
  const parts = isPattern ? value.split('*') : [];
  return valuesAt(user, field.split('.')).some((one) =>
    isPattern ? isLike(one, parts) : one === value,
  );
}

/** All that lies at a path, in lower case; lists count by what is in them. */
function valuesAt(value: Json | undefined, path: readonly string[]): readonly string[] {
  if (value === undefined || value === null) return [];
  if (typeof value !== 'object') return path.length > 0 ? [] : [String(value).toLowerCase()];
  if (isList(value)) return value.flatMap((one) => valuesAt(one, path));
  const [name, ...rest] = path;
  return name !== undefined && Object.hasOwn(value, name) ? valuesAt(value[name], rest) : [];
}

function isList(value: JsonObject | readonly Json[]): value is readonly Json[] {
  return Array.isArray(value);
}

/** Whether `text` has the parts in this order, from its beginning to its end: without a regular expression, in linear time. */
function isLike(text: string, parts: readonly string[]): boolean {
  const [first = '', ...others] = parts;
  const last = others.pop() ?? '';
  if (!text.startsWith(first) || text.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of others) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at + last.length <= text.length && text.endsWith(last);
}

function unknownPart(message: string): ManagementProblem {
  return new ManagementProblem(400, {
    message: `q: ${message}; what is known here: field:value, field:"value", * in values without quotes, AND, OR`,
    errorCode: 'invalid_query_string',
  });
}
