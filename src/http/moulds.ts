import { randomId } from '../runtime/random.ts';
import type { Renderer } from './renderer.ts';

/** Renders pages of which most readers get the same but for a few words. */
export interface Moulds {
  /**
   * As `Renderer.render`. `words` name the members of `data` that differ each time: texts, or objects of nothing
   * but texts.
   */
  render(
    name: string,
    data: object,
    words: readonly string[],
    languages: readonly string[],
  ): Promise<string>;
}

/** What was rendered, by turns with the places of the words between it. */
interface Mould {
  readonly parts: readonly string[];
}

const MOULDS_MAX = 200;
/** As the templates escape. */
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
};

/**
 * A page is rendered once with a mark in place of each word; from then on the words are put where the marks are.
 * One whose template does more with a word than print it is rendered each time.
 */
export function createMoulds(renderer: Renderer): Moulds {
  const moulds = new Map<string, Mould | 'none'>();
  const mark = `mould-${randomId()}-`;
  const marks = new RegExp(`${mark}(\\d+)-`);

  async function cast(
    name: string,
    marked: object,
    count: number,
    languages: readonly string[],
  ): Promise<Mould | 'none'> {
    const parts = (await renderer.render(name, marked, languages)).split(marks);
    const printed = new Set(parts.filter((_, at) => isWord(at)));
    const isWhole = parts.every((part, at) => isWord(at) || !/mould-/i.test(part));
    return printed.size === count && isWhole ? { parts } : 'none';
  }

  return {
    async render(name, data, words, languages) {
      const texts: string[] = [];
      // Templates ask whether there is one at all: an empty one is not printed.
      const marked = withWords(data, words, (text) =>
        text === '' ? '' : `${mark}${texts.push(text) - 1}-`,
      );
      const key = JSON.stringify([name, languages, marked]);
      const known = moulds.get(key);
      const mould = known ?? (await cast(name, marked, texts.length, languages));
      if (known === undefined) keep(moulds, key, mould);
      return mould === 'none' ? await renderer.render(name, data, languages) : fill(mould, texts);
    },
  };
}

/** `data` with something else in place of its words. */
function withWords(
  data: object,
  words: readonly string[],
  change: (text: string) => string,
): object {
  const changed = (value: unknown): unknown =>
    typeof value === 'string'
      ? change(value)
      : Object.fromEntries(
          Object.entries(value ?? {}).map(([name, text]) => [name, changed(text)]),
        );
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [
      name,
      words.includes(name) ? changed(value) : value,
    ]),
  );
}

function fill({ parts }: Mould, texts: readonly string[]): string {
  return parts.map((part, at) => (isWord(at) ? escaped(texts[Number(part)] ?? '') : part)).join('');
}

function isWord(at: number): boolean {
  return at % 2 === 1;
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** The oldest makes room: whoever asks for many languages only has pages rendered. */
function keep(moulds: Map<string, Mould | 'none'>, key: string, mould: Mould | 'none'): void {
  const [oldest] = moulds.keys();
  if (oldest !== undefined && moulds.size >= MOULDS_MAX) moulds.delete(oldest);
  moulds.set(key, mould);
}
