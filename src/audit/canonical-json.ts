/** Longer text comes from strangers only: a user agent, what was typed as a login. */
const TEXT_CHARACTERS_MAX = 512;

/**
 * What `JSON.stringify` leaves as it is and a terminal or a log viewer may obey: delete and C1 controls, line and
 * paragraph separators, zero-width and bidirectional formatting.
 */
const UNSAFE = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u;
const EVERY_UNSAFE = new RegExp(UNSAFE, 'gu');

/**
 * The one text for a value: members sorted by name, `undefined` left out, no white space, control
 * characters escaped, long text cut. Equal values give equal bytes on every node.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  return membersOf(value);
}

/** One text that grows, since every event passes here: arrays of entries cost twice as much. */
function membersOf(value: object): string {
  let members = '';
  for (const name of Object.keys(value).toSorted()) {
    const member: unknown = Reflect.get(value, name);
    if (member === undefined) continue;
    members += `${members === '' ? '' : ','}${quoted(name)}:${canonicalJson(member)}`;
  }
  return `{${members}}`;
}

/** Text as it may stand in a column or on a terminal: cut, and without a character that acts. */
export function plainText(text: string): string {
  return quoted(text).slice(1, -1);
}

/** What `text` says, or undefined when it is not JSON: stored text may have been tampered with. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function quoted(text: string): string {
  const bounded =
    text.length > TEXT_CHARACTERS_MAX ? `${text.slice(0, TEXT_CHARACTERS_MAX)}…` : text;
  // A surrogate left alone by the cut is escaped by JSON.stringify (well-formed since ES2019).
  const json = JSON.stringify(bounded);
  return UNSAFE.test(json) ? json.replaceAll(EVERY_UNSAFE, escaped) : json;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
