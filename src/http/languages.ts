const ACCEPT_MAX = 256;
const TAGS_MAX = 16;
const TAG = /^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$/;

/** The tags of an `Accept-Language` header, the most wanted first (RFC 9110 section 12.5.4). */
export function acceptedLanguages(header: string | undefined): readonly string[] {
  return (header ?? '')
    .slice(0, ACCEPT_MAX)
    .split(',')
    .slice(0, TAGS_MAX)
    .map((range) => {
      const [tag = '', quality] = range.split(';').map((part) => part.trim());
      return { tag, quality: quality?.startsWith('q=') ? Number(quality.slice(2)) : 1 };
    })
    .filter(({ tag, quality }) => TAG.test(tag) && quality > 0)
    .toSorted((left, right) => right.quality - left.quality)
    .map(({ tag }) => tag);
}

/**
 * The first of `wanted` that there is, by its whole tag or by ever less of it: `de-AT` takes `de`
 * (RFC 4647 section 3.4). Undefined: none of them.
 */
export function chooseLanguage(
  wanted: readonly string[],
  available: readonly string[],
): string | undefined {
  const byLowerCase = new Map(available.map((tag) => [tag.toLowerCase(), tag]));
  for (const tag of wanted) {
    const parts = tag.toLowerCase().split('-');
    for (let length = parts.length; length > 0; length -= 1) {
      const found = byLowerCase.get(parts.slice(0, length).join('-'));
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
