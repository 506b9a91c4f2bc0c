/** What happened at the protocol's endpoints, for counters: words of a small vocabulary, no ids. */
export type ProtocolEvent =
  | { readonly kind: 'authorization'; readonly outcome: 'success' | 'interaction' }
  | { readonly kind: 'refused'; readonly endpoint: string; readonly error: string }
  | { readonly kind: 'reuse' }
  | { readonly kind: 'outage'; readonly endpoint: string }
  | { readonly kind: 'generation' };

/** Hears of a protocol's events, in the middle of a request: it must return at once. */
export interface ProtocolMetrics {
  /** `kind`: `jwt` or `opaque`. */
  tokenIssued(kind: string, grantType: string): void;
  onEvent?(event: ProtocolEvent): void;
}
