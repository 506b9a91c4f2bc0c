import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { LatchkeyError } from '../runtime/errors.ts';

/** What a page says, in one language. */
export interface Catalog {
  /** A language tag (RFC 5646), from the name of the file. */
  readonly language: string;
  direction(): 'ltr' | 'rtl';
  keys(): readonly string[];
  has(key: string): boolean;
  /**
   * The message with its `{placeholders}` filled in; of one with plural forms, that for `count`.
   *
   * @throws {MessageMissing} when there is no such message, or a placeholder is given no value.
   */
  text(key: string, parameters: ReadonlyMap<string, string | number>): string;
  /**
   * What stands before and after one placeholder, so that a template can mark up what it fills in.
   *
   * @throws {MessageMissing}
   */
  around(key: string, placeholder: string): readonly [before: string, after: string];
}

/** A template, or a catalog, names a message that nobody wrote. */
export class MessageMissing extends LatchkeyError {
  readonly code = 'ERR_MESSAGE_MISSING';
}

/** A catalog is not what a catalog must be. */
export class InvalidCatalog extends LatchkeyError {
  readonly code = 'ERR_INVALID_CATALOG';
}

interface Messages {
  readonly [key: string]: string | Messages;
}
const messages: z.ZodType<Messages> = z.lazy(() =>
  z.record(z.string(), z.union([z.string(), messages])),
);
const EXTENSION = '.yaml';
const DIRECTION = 'language.direction';
/** What every message is written in. */
const STANDARD = 'en';
const PLURAL_FORM = /\.(?:zero|one|two|few|many|other)$/;

/**
 * Every `<language>.yaml` of the folders; a later folder's messages win over an earlier one's, one by one,
 * so that a theme may change a sentence or add a language. What a language lacks is there in English. Each is read when
 * it is first used, which throws {InvalidCatalog} when a file cannot be read as a catalog.
 */
export async function readCatalogs(
  folders: readonly string[],
): Promise<ReadonlyMap<string, Catalog>> {
  const byLanguage = new Map<string, readonly string[]>();
  for (const folder of folders) {
    for (const file of await catalogFiles(folder)) {
      const language = basename(file, EXTENSION);
      byLanguage.set(language, [...(byLanguage.get(language) ?? []), join(folder, file)]);
    }
  }
  const readAll = (language: string): ReadonlyMap<string, string> =>
    new Map((byLanguage.get(language) ?? []).flatMap(readMessages));
  const english = once(() => readAll(STANDARD));
  return new Map(
    [...byLanguage.keys()].map((language) => [
      language,
      createCatalog(language, () => completed(readAll(language), english())),
    ]),
  );
}

function once<Result>(make: () => Result): () => Result {
  let made: { readonly result: Result } | undefined;
  return () => (made ??= { result: make() }).result;
}

/** A theme's own language may be older than a page of ours: what it does not say yet is said in English. */
function completed(
  texts: ReadonlyMap<string, string>,
  english: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const messageOf = (key: string): string => key.replace(PLURAL_FORM, '');
  const said = new Set([...texts.keys()].map(messageOf));
  return new Map([...[...english].filter(([key]) => !said.has(messageOf(key))), ...texts]);
}

/** From messages by their dotted keys, which are read when it is first used. */
export function createCatalog(language: string, read: () => ReadonlyMap<string, string>): Catalog {
  const texts = once(read);
  const plurals = new Intl.PluralRules(language);
  const numbers = new Intl.NumberFormat(language);

  function find(key: string, count: string | number | undefined): string {
    const form = typeof count === 'number' ? `${key}.${plurals.select(count)}` : key;
    const text = texts().get(form) ?? texts().get(`${key}.other`) ?? texts().get(key);
    if (text === undefined) throw new MessageMissing(`no message ${key} in ${language}`);
    return text;
  }

  return {
    language,
    direction: () => (texts().get(DIRECTION) === 'rtl' ? 'rtl' : 'ltr'),
    keys: () => [...texts().keys()],
    has: (key) => texts().has(key),
    text: (key, parameters) =>
      find(key, parameters.get('count')).replaceAll(/\{(?<name>\w+)\}/g, (_, name: string) => {
        const value = parameters.get(name);
        if (value === undefined)
          throw new MessageMissing(`message ${key} in ${language} is given no ${name}`);
        return typeof value === 'number' ? numbers.format(value) : value;
      }),
    around(key, placeholder) {
      const [before = '', after] = find(key, undefined).split(`{${placeholder}}`);
      if (after === undefined)
        throw new MessageMissing(`message ${key} in ${language} has no {${placeholder}}`);
      return [before, after];
    },
  };
}

async function catalogFiles(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith(EXTENSION)).toSorted();
  } catch (error) {
    // A theme need not have catalogs of its own.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

function readMessages(file: string): readonly (readonly [string, string])[] {
  const result = messages.safeParse(parse(readFileSync(file, 'utf8')));
  if (!result.success)
    throw new InvalidCatalog(`${file} is not a catalog: texts only, nested by name`);
  return flatten(result.data, '');
}

function flatten(nested: Messages, prefix: string): readonly (readonly [string, string])[] {
  return Object.entries(nested).flatMap(([name, value]) =>
    typeof value === 'string'
      ? [[prefix + name, value] as const]
      : flatten(value, `${prefix}${name}.`),
  );
}
