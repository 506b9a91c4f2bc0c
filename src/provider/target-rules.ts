/**
 * The API of a new token, of those that it may be for. Undefined: it may not be had. Whoever names none gets the only
 * one there is.
 */
export function audienceFor(
  allowed: readonly string[],
  asked: readonly string[],
): string | undefined {
  const [first, ...more] = asked.length === 0 ? allowed : asked;
  return first !== undefined && more.length === 0 && allowed.includes(first) ? first : undefined;
}

/**
 * Of `offered`, what the client may ask of the API, that which `most` has, and no more than was asked. Undefined:
 * something was asked for that may not be had.
 */
export function scopeFor({
  asked,
  most,
  offered,
}: {
  readonly asked: readonly string[] | undefined;
  readonly most: readonly string[];
  readonly offered: readonly string[];
}): readonly string[] | undefined {
  const held = new Set(most);
  const all = offered.filter((name) => held.has(name));
  if (asked === undefined) return all;
  const wanted = [...new Set(asked)];
  return wanted.every((name) => all.includes(name)) ? wanted : undefined;
}
