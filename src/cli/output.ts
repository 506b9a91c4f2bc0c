// Whatever could steer a terminal or turn the reading direction: clients may have named themselves.
const ACTING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const GAP = '  ';

/** Where a command writes its lines. */
export interface Output {
  /** What was asked for. */
  print(text: string): void;
  /** What a person should know beside it. */
  printError(text: string): void;
}

/** `text` with every character that acts, rather than shows, made visible. */
export function plain(text: string): string {
  return text.replaceAll(ACTING, '\uFFFD');
}

/** Rows under a head, in columns. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows].map((cells) => cells.map(plain));
  const widths = head.map((_, column) =>
    Math.max(...lines.map((cells) => lengthOf(cells[column] ?? ''))),
  );
  return lines.map((cells) => aligned(cells, widths)).join('\n');
}

/** A name and a value to a line; what has no value is left out. */
export function fields(entries: readonly (readonly [string, string | undefined])[]): string {
  const shown = entries.flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, plain(value)]],
  );
  const width = Math.max(0, ...shown.map(([name = '']) => lengthOf(name)));
  return shown.map((cells) => aligned(cells, [width])).join('\n');
}

/** JSON for programs, which is safe on a terminal, too. */
export function json(value: unknown): string {
  const text = JSON.stringify(value, undefined, 2);
  return text.replaceAll(ACTING, (character) =>
    character === '\n' ? character : escaped(character),
  );
}

/** JSON in one line, for programs that read line by line. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replaceAll(ACTING, escaped);
}

/** A NumericDate for people: ISO 8601, in UTC. */
export function instant(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000', '');
}

function aligned(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - lengthOf(cell))))
    .join(GAP)
    .trimEnd();
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, index) => {
    const unit = character.charCodeAt(index).toString(16);
    return `\\u${unit.padStart(4, '0')}`;
  }).join('');
}
