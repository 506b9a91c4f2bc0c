/** `http` on this machine, split where the port may stand (RFC 8252 section 7.3). */
const LOOPBACK =
  /^(?<origin>http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost))(?::(?<port>\d{1,5}))?(?<rest>[/?].*)?$/s;
const PORT_MAX = 65_535;

/**
 * Whether `candidate` is one of the `registered` URIs, byte for byte (RFC 9700 section 4.1.3): nothing is
 * decoded, folded or parsed first, since every parser reads some trick differently. With `anyLoopbackPort`
 * only the port may differ, and only on the loopback host that was registered.
 */
export function isRegisteredUri(
  registered: readonly string[],
  candidate: string,
  anyLoopbackPort: boolean,
): boolean {
  if (registered.includes(candidate)) return true;
  const wanted = anyLoopbackPort ? withoutPort(candidate) : undefined;
  return wanted !== undefined && registered.some((uri) => withoutPort(uri) === wanted);
}

/** Undefined when it is no loopback URI, or has no port that can be. */
function withoutPort(uri: string): string | undefined {
  const { origin, port, rest } = LOOPBACK.exec(uri)?.groups ?? {};
  if (origin === undefined || Number(port ?? 0) > PORT_MAX) return undefined;
  return `${origin}${rest ?? ''}`;
}
