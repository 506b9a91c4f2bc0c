/** A browser in words that its owner knows it by. Names of products are the same in every language. */
export interface Device {
  /** `Firefox`; empty: not known. */
  readonly browser: string;
  /** `Windows`; empty: not known. */
  readonly system: string;
  readonly picture: 'computer' | 'phone' | 'unknown';
}

type Sign = readonly [pattern: RegExp, name: string];

/** The more special first: nearly every browser also says that it is Chrome and Safari. */
const BROWSERS: readonly Sign[] = [
  [/\b(?:Edg|EdgA|EdgiOS)\//u, 'Edge'],
  [/\b(?:OPR|OPX)\//u, 'Opera'],
  [/\bVivaldi\//u, 'Vivaldi'],
  [/\bSamsungBrowser\//u, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//u, 'Firefox'],
  [/\bHeadlessChrome\//u, 'Chrome'],
  [/\b(?:Chrome|CriOS)\//u, 'Chrome'],
  [/\bVersion\/[\d.]+.*\bSafari\//u, 'Safari'],
  [/\bcurl\//u, 'curl'],
];
const SYSTEMS: readonly Sign[] = [
  [/\bAndroid\b/u, 'Android'],
  [/\biPhone\b/u, 'iPhone'],
  [/\biPad\b/u, 'iPad'],
  [/\bWindows\b/u, 'Windows'],
  [/\bCrOS\b/u, 'ChromeOS'],
  [/\bMac OS X\b|\bMacintosh\b/u, 'macOS'],
  [/\bLinux\b|\bX11\b/u, 'Linux'],
];
const PHONES = new Set(['Android', 'iPhone', 'iPad']);

/**
 * What a `User-Agent` says, as far as it is worth saying. It may lie, and says less every year: browser and system
 * are what is left, and a table of them needs no library that has to be kept up to date.
 */
export function deviceOf(userAgent: string | undefined = ''): Device {
  const system = nameIn(SYSTEMS, userAgent);
  const picture = system === '' ? 'unknown' : PHONES.has(system) ? 'phone' : 'computer';
  return { browser: nameIn(BROWSERS, userAgent), system, picture };
}

/** The same in one line, for a letter: `Firefox, Windows`. */
export function deviceLine(userAgent: string | undefined): string {
  const { browser, system } = deviceOf(userAgent);
  return [browser, system].filter((word) => word !== '').join(', ');
}

function nameIn(signs: readonly Sign[], userAgent: string): string {
  return signs.find(([pattern]) => pattern.test(userAgent))?.[1] ?? '';
}
