/**
 * Grants that only issuers beside the installation's own have: passwords (RFC 6749 section 4.3), and extension grants
 * that are named by a URL (section 4.5). The installation's own issuer knows none of them.
 */
export const FURTHER_GRANT = /^(?:password|https?:\/\/[\x21-\x7E]{1,200})$/;
