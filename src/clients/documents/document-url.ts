import { isClientId } from '../client-id.ts';

/**
 * Whether a `client_id` is the URL of a document that describes the client (draft-ietf-oauth-client-id-metadata-document
 * section 3): https, with a path, and written as browsers write it, so that two programs cannot read it as two URLs.
 */
export function isDocumentUrl(id: string): boolean {
  if (!isClientId(id) || !id.startsWith('https://')) return false;
  const url = URL.parse(id);
  if (url === null || url.href !== id || url.pathname === '/') return false;
  return url.username === '' && url.password === '';
}

/** The host, with its port where that is not the usual one. */
export function hostOfDocument(id: string): string {
  return new URL(id).host;
}
