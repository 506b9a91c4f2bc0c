/** Where a request came from, as far as the host trusts it. */
export interface Origin {
  /** The address of the browser or client; of the CLI, `cli`. */
  readonly address: string;
  readonly userAgent?: string | undefined;
  readonly requestId?: string | undefined;
  /** The origin of ours beside the issuer's at which it came in, by name; left out: the issuer's own. */
  readonly site?: string | undefined;
}

/** Who acts, for the audit: a name such as `cli`, `config`, `registration`, and an origin. */
export interface Actor {
  readonly by: string;
  readonly origin: Origin;
}
