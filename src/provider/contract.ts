import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClientCertificate } from '../client-certificates/client-certificate.ts';
import type { Origin } from '../runtime/origin.ts';
import type { BackchannelRequests } from './contract/backchannel.ts';
import type { Codes } from './contract/codes.ts';
import type { Interactions } from './contract/interactions.ts';
import type { BrowserSessions, ConnectedClients } from './contract/sessions.ts';
import type { Minting } from './minting-order.ts';

/** The classes of sign-ins, for `acr_values`. */
export { ACR } from './acr.ts';
export type * from './contract/backchannel.ts';
export type * from './contract/codes.ts';
export type * from './contract/consent.ts';
export * from './contract/interactions.ts';
export type * from './contract/pages.ts';
export type * from './contract/sessions.ts';

/** One issuer with its routes, cookies and token dialect. State keys are per issuer. */
export interface IssuerProfile {
  /** The issuer URL, without a trailing slash; every other URL of ours begins with it. */
  readonly issuer: string;
  /** Short and stable: prefixes state keys and cookie names. */
  readonly namespace: string;
}

/** A document that is the same for everyone until the key set or the configuration changes. */
export interface PreparedDocument {
  readonly body: Buffer;
  readonly etag: string;
  readonly contentType: string;
  readonly cacheControl: string;
}

/** What is known of a request that came to where clients show certificates. */
export interface ClientTls {
  /** Undefined: the client showed none. */
  readonly certificate: ClientCertificate | undefined;
  /** Whether it was sent to one of the `mtls_endpoint_aliases` (RFC 8705 section 5). */
  readonly isAtAlias: boolean;
}

/** The protocol engine as the host sees it. */
export interface Protocol {
  /** In the dev profile alone: tokens for tests of APIs. */
  readonly minting: Minting | undefined;
  readonly interactions: Interactions;
  readonly codes: Codes;
  readonly sessions: BrowserSessions;
  readonly connectedClients: ConnectedClients;
  readonly backchannelRequests: BackchannelRequests;
  /** Discovery (both paths) and key set by path; answered before Koa. Undefined: not one of them. */
  document(path: string): PreparedDocument | undefined;
  /** Everything else of the protocol; 404 for a path that is not the engine's. */
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    origin: Origin,
    tls?: ClientTls,
  ): Promise<void>;
  /** Whether programs call `path`: there clients may show certificates. */
  isForPrograms(path: string): boolean;
  /** Whether `path` belongs to the engine. */
  owns(path: string): boolean;
  close(): Promise<void>;
}
