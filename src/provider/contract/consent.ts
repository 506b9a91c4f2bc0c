import type { ShownDetail } from '../authorization-details/authorization-details.ts';

/** What a page may say of a client. URLs were checked to be http(s). */
export interface ClientView {
  readonly id: string;
  readonly name: string;
  /** Of the document that describes it, where nobody registered it: all that is known of who it is. */
  readonly host: string | undefined;
  readonly uri: string | undefined;
  readonly logoUri: string | undefined;
  readonly policyUri: string | undefined;
  readonly tosUri: string | undefined;
  readonly firstParty: boolean;
  /** When its people are asked for a second factor; undefined: as the installation says. */
  readonly secondFactor: 'never' | 'if-enrolled' | 'required' | undefined;
}

/** What a client asks a person to allow, beyond what they allowed before. */
export interface ConsentRequest {
  /** OIDC scopes not yet granted: `profile`, `email`, `offline_access`, ... */
  readonly scopes: readonly string[];
  /** Single claims asked by the `claims` parameter (OpenID Connect Core section 5.5). */
  readonly claims: readonly string[];
  /** APIs with the scopes asked of each. */
  readonly resources: readonly {
    readonly identifier: string;
    readonly name: string;
    readonly scopes: readonly { readonly name: string; readonly description: string }[];
  }[];
  /** What is asked for in detail, this once (RFC 9396). */
  readonly details: readonly ShownDetail[];
}
