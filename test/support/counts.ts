/** True in `npm run test:long`, which runs the same suites at the full counts. */
export const IS_LONG = import.meta.env.MODE === 'long';

/** How many rounds a test makes: `few` in `npm test`, `many` in `npm run test:long`. */
export function rounds(few: number, many: number): number {
  return IS_LONG ? many : few;
}
