const BREAKS = /<br\s*\/?>|<\/(?:p|div|tr|li|ul|ol|table|h[1-6])\s*>/gi;
const UNSEEN = /<(?<name>style|script|head)\b.*?<\/\k<name>\s*>/gis;
const LINK = /<a\b[^>]*\bhref="(?<url>[^"]*)"[^>]*>(?<words>.*?)<\/a\s*>/gis;
const ENTITY = /&(?:#(?<number>\d{1,6})|(?<name>lt|gt|quot|apos|nbsp|amp));/g;
const NAMED: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  amp: '&',
};

/** What a letter in HTML says to whoever reads none: lines and links stay. */
export function plainTextOf(html: string): string {
  return html
    .replaceAll(UNSEEN, '')
    .replaceAll(LINK, '$<words> ($<url>)')
    .replaceAll(BREAKS, '\n')
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(ENTITY, (_entity, number?: string, name = '') =>
      number === undefined ? (NAMED[name] ?? '') : String.fromCodePoint(Number(number)),
    )
    .replaceAll(/[ \t]*\n[ \t]*/g, '\n');
}
