/** The URL of a page at `path` of `issuer`, which may end with a slash, as those of Auth0 tenants do. */
export function pageUrl(issuer: string, path: string): string {
  return `${issuer.replace(/\/$/u, '')}${path}`;
}
