import type { JsonObject } from '../../runtime/json.ts';
import { ManagementProblem } from './problem.ts';
import { holds, type Term } from './search-terms.ts';

/** A search, read. */
export interface Search {
  /** By which it searches. */
  readonly fields: ReadonlySet<string>;
  matches(item: JsonObject): boolean;
  /** What `field` can be of all that is found, in the letters of the search; undefined: anything. */
  exactly(field: string): readonly string[] | undefined;
  /** Between what `field` lies of all that is found. */
  between(field: string): Range;
}

interface Range {
  readonly low: string | undefined;
  readonly high: string | undefined;
}

/** Alternatives, each of terms that must all match. */
type Alternatives = readonly (readonly Term[])[];

const CHARACTERS_MAX = 1000;
const TOKENS_MAX = 40;
const WILDCARDS_MAX = 5;
const TOKEN =
  /\s*(?:(?<word>AND|OR)(?=\s)|(?<field>[A-Za-z_][\w.-]*):(?:"(?<phrase>(?:[^"\\]|\\.)*)"|\[(?<low>[^\s"[\]]+) TO (?<high>[^\s"[\]]+)\]|(?<bare>[^\s"()[\]{}<>:^~]+)))/y;
const OPEN_END = '*';

/**
 * The part of Lucene's language that is known here: `field:value`, `field:"a value"`, `field:[low TO high]` and `*` in
 * values without quotes, joined by AND and OR, of which AND binds first.
 *
 * @throws {ManagementProblem} for anything else.
 */
export function readSearch(q: string): Search {
  const alternatives = parse(q);
  return {
    fields: new Set(alternatives.flat().map(({ field }) => field)),
    matches: (item) => alternatives.some((terms) => terms.every((term) => holds(term, item))),
    exactly(field) {
      const each = alternatives.map((terms) => valueOf(terms, field));
      const known = each.filter((value) => value !== undefined);
      return known.length === each.length ? known : undefined;
    },
    between(field) {
      const [only = [], ...others] = alternatives;
      const range = only.find((term) => term.field === field && term.kind === 'range');
      return others.length === 0 && range?.kind === 'range' ? range : ANYWHERE;
    },
  };
}

const ANYWHERE: Range = { low: undefined, high: undefined };

function valueOf(terms: readonly Term[], field: string): string | undefined {
  for (const term of terms)
    if (term.field === field && term.kind === 'value' && !term.isPattern) return term.text;
  return undefined;
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

function termOf(groups: Readonly<Record<string, string | undefined>>): Term {
  const { field = '', phrase, low, high, bare = '' } = groups;
  if (low !== undefined) return { kind: 'range', field, low: endOf(low), high: endOf(high) };
  const text = phrase?.replaceAll(/\\(.)/g, '$1') ?? bare;
  const wildcards = phrase === undefined ? text.split('*').length - 1 : 0;
  if (wildcards > WILDCARDS_MAX) throw unknownPart(`${WILDCARDS_MAX} wildcards in a value at most`);
  if (bare.includes('?')) throw unknownPart('"?" is not known');
  return { kind: 'value', field, text, isPattern: wildcards > 0 };
}

function endOf(text: string | undefined): string | undefined {
  return text === OPEN_END ? undefined : text;
}

function unknownPart(message: string): ManagementProblem {
  return new ManagementProblem(400, {
    message: `q: ${message}; what is known here: field:value, field:"value", field:[low TO high], * in values without quotes, AND, OR`,
    errorCode: 'invalid_query_string',
  });
}
