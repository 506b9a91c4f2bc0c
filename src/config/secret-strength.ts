/** What a secret must be worth at least: NIST SP 800-131A asks 112 bit, everyone rounds up. */
export const SECRET_BITS_MIN = 128;

const SAMPLE =
  /latchkey-dev|change[-_]?me|replace[-_]?me|example|sample|placeholder|(?:your|my)[-_]?(?:secret|password)/i;
const HEX = /^[0-9a-f]+$/i;
const BASE64 = /^[\w+/-]+=*$/;
const CLASSES: readonly (readonly [RegExp, number])[] = [
  [/[a-z]/, 26],
  [/[A-Z]/, 26],
  [/[0-9]/, 10],
  [/[^a-zA-Z0-9]/, 32],
];

/** True: the text comes from documentation or from the dev profile, so that anyone may know it. */
export function isSampleSecret(secret: string): boolean {
  return SAMPLE.test(secret);
}

/**
 * At most so many bits of chance are in `secret`, judged by its characters. Whatever came from a generator of
 * chance is given its due; words and patterns may still be given too much.
 */
export function strengthBits(secret: string): number {
  const unit = secret.slice(0, periodOf(secret));
  return Math.floor(unit.length * chanceOf(unit) * Math.log2(alphabetOf(unit)));
}

/** `abcabc` has a period of 3: the rest tells nothing new. */
function periodOf(text: string): number {
  return text === '' ? 0 : (text + text).indexOf(text, 1);
}

function alphabetOf(text: string): number {
  if (HEX.test(text)) return 16;
  const found = CLASSES.filter(([pattern]) => pattern.test(text));
  // Chance may leave a class out of so short a text; it was drawn from all 64 all the same.
  if (BASE64.test(text) && found.length > 1) return 64;
  return found.reduce((sum, [, count]) => sum + count, 1);
}

/** The share of characters that do not follow from the two before (`aaa`, `123`); chance itself has a few. */
function chanceOf(text: string): number {
  const codes = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  const steps = codes.slice(1).map((code, index) => code - (codes[index] ?? 0));
  const foreseen = steps.filter(
    (step, index) => Math.abs(step) <= 1 && step === steps[index - 1],
  ).length;
  return foreseen > text.length / 2 ? 1 - foreseen / text.length : 1;
}
