import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Document, Node, Pair } from 'yaml';
import type { SettingPath } from './schema-tree.ts';

/** A line and a column, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A mistake in the YAML itself. */
interface DocumentProblem {
  readonly place: Place;
  readonly message: string;
}

/** A YAML file that remembers where everything stood. */
export interface ConfigDocument {
  /** Plain data; `undefined` when the text is too broken to say anything about its settings. */
  readonly value: unknown;
  readonly problems: readonly DocumentProblem[];
  /** Where the value at `path` stands; of one that is not there, its nearest parent's name. */
  placeOf(path: SettingPath): Place;
  /** Where the name at the end of `path` stands. */
  placeOfName(path: SettingPath): Place;
}

const CHARACTERS_MAX = 1024 * 1024;
/** Anchors may be used as often as a person would, not as often as an alias bomb needs. */
const ALIASES_MAX = 100;
/** After some syntax errors the rest are only their echo. */
const SYNTAX_MISTAKES_MAX = 5;
const START: Place = { line: 1, column: 1 };

/** Never throws: what is wrong with `text` is in `problems`. */
export function parseConfigDocument(text: string): ConfigDocument {
  if (text.length > CHARACTERS_MAX) return broken('the file is larger than 1 MB');
  try {
    return parse(text);
  } catch (error) {
    // The parser recurses; only a text made to hurt nests so deep.
    if (error instanceof RangeError) return broken('the file nests too deeply');
    throw error;
  }
}

function broken(message: string): ConfigDocument {
  const problems = [{ place: START, message }];
  return { value: undefined, problems, placeOf: () => START, placeOfName: () => START };
}

function parse(text: string): ConfigDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
  });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const found = [...document.errors, ...document.warnings];
  const problems = found.map(({ pos, message }) => ({ place: placeAt(pos[0]), message }));
  // A name written twice leaves a readable document; after any other error, what is left may mislead.
  const isReadable = found.every(({ code }) => code === 'DUPLICATE_KEY');
  const dangers = isReadable ? dangersOf(document).map(located(placeAt)) : [];
  return {
    value: isReadable && dangers.length === 0 ? (document.toJS() ?? {}) : undefined,
    problems: [...(isReadable ? problems : problems.slice(0, SYNTAX_MISTAKES_MAX)), ...dangers],
    placeOf: (path) => placeAt(offsetOf(document, path)),
    placeOfName: (path) => placeAt(descend(document, path).parent),
  };
}

interface Finding {
  readonly offset: number;
  readonly message: string;
}

function located(placeAt: (offset: number) => Place): (finding: Finding) => DocumentProblem {
  return ({ offset, message }) => ({ place: placeAt(offset), message });
}

/** What would make `toJS` throw, explode, or put a prototype in place of a setting. */
function dangersOf(document: Document): readonly Finding[] {
  const findings: Finding[] = [];
  let count = 0;
  visit(document, {
    Pair(_, pair) {
      if (isScalar(pair.key) && pair.key.value !== '__proto__') return;
      findings.push({
        offset: nameOffset(pair),
        message: `"${nameOf(pair.key)}" cannot be a name`,
      });
    },
    Alias(_, alias) {
      const offset = alias.range?.[0] ?? 0;
      count += 1;
      if (count === ALIASES_MAX + 1) findings.push({ offset, message: 'too many aliases' });
      const target = alias.resolve(document);
      if (target === undefined) findings.push({ offset, message: `no anchor "${alias.source}"` });
      else if (holdsAlias(target)) {
        // Aliases of aliases are how a small file becomes a large one.
        findings.push({ offset, message: 'an alias must not stand for other aliases' });
      }
    },
  });
  return findings;
}

/** True: somewhere inside, an anchor is used. */
export function holdsAlias(node: Node | Document): boolean {
  let found = false;
  visit(node, {
    Alias() {
      found = true;
      return visit.BREAK;
    },
  });
  return found;
}

function offsetOf(document: Document, path: SettingPath): number {
  const { node, parent, isComplete } = descend(document, path);
  return isComplete && node?.range ? node.range[0] : parent;
}

interface Descent {
  readonly node: Node | undefined;
  /** Where the last thing on the way stands: a name, or an element of a list. */
  readonly parent: number;
  readonly isComplete: boolean;
}

function descend(document: Document, path: SettingPath): Descent {
  const start: Descent = { node: document.contents ?? undefined, parent: 0, isComplete: true };
  return path.reduce<Descent>((descent, step) => {
    if (!descent.isComplete) return descent;
    const node = isAlias(descent.node) ? descent.node.resolve(document) : descent.node;
    return below(node, step) ?? { ...descent, isComplete: false };
  }, start);
}

function below(node: Node | undefined, step: PropertyKey): Descent | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(step)];
    return isNode(item)
      ? { node: item, parent: item.range?.[0] ?? 0, isComplete: true }
      : undefined;
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => nameOf(key) === String(step));
  if (pair === undefined) return undefined;
  const value = isNode(pair.value) ? pair.value : undefined;
  return { node: value, parent: nameOffset(pair), isComplete: true };
}

function nameOf(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key);
}

function nameOffset({ key }: Pair): number {
  return isNode(key) ? (key.range?.[0] ?? 0) : 0;
}
