/** The settings that say where clients with certificates come to. */
export interface MtlsAddress {
  readonly enabled: boolean;
  readonly listener?: { readonly port: number } | undefined;
  readonly url?: string | undefined;
}

/** Where clients with certificates reach the `issuer` (RFC 8705 section 5); undefined: where everyone does. */
export function mtlsOrigin(
  { enabled, listener, url }: MtlsAddress,
  issuer: string,
): string | undefined {
  if (!enabled) return undefined;
  const { hostname, origin } = new URL(issuer);
  const at = url ?? (listener && new URL(`https://${hostname}:${listener.port}`).origin);
  return at === origin ? undefined : at;
}
