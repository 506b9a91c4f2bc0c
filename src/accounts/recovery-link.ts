/** Where the letter, or an operator, sends whoever recovers an account; the ticket's `about` is its id. */
export function recoveryUrl(issuer: string, token: string): string {
  return `${issuer}/recover/link/${token}`;
}
