/** Recovery codes as a file to be kept, in a `data:` address: it leaves the browser for nowhere. */
export function recoveryCodesFile(issuer: string, codes: readonly string[]): string {
  const text = [issuer, '', ...codes, ''].join('\r\n');
  return `data:text/plain;charset=utf-8,${encodeURIComponent(text)}`;
}
