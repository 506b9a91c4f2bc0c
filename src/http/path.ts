/**
 * Whether `path` is the one spelling of a path that is served. The engine matches in any case and ignores a
 * trailing slash, so a rule of ours or of a proxy on the exact path could be walked around by writing it otherwise.
 */
export function isCanonicalPath(path: string): boolean {
  if (path === '/') return true;
  if (!/^(?:\/[\w.~!$&'()*+,;=:@%-]+)+$/.test(path)) return false;
  return path.split('/').slice(1).every(isCanonicalSegment);
}

// RFC 3986 sections 6.2.2 and 6.2.3: no dot segments, escapes in upper case, none for what needs none.
function isCanonicalSegment(segment: string): boolean {
  if (segment === '.' || segment === '..') return false;
  if (!segment.includes('%')) return true;
  try {
    const plain = decodeURIComponent(segment);
    return [...segment.matchAll(/%../g)].every(([escape]) => isNeeded(escape)) && plain !== '';
  } catch {
    return false;
  }
}

function isNeeded(escape: string): boolean {
  const isUpperCase = /^%[0-9A-F]{2}$/.test(escape);
  return isUpperCase && !/[\w.~-]/.test(String.fromCodePoint(Number.parseInt(escape.slice(1), 16)));
}
