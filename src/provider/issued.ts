import type { AccessToken, ClientCredentials } from 'oidc-provider';
import type { Audit } from '../audit/audit.ts';
import type { Origin } from '../runtime/origin.ts';
import type { ProtocolMetrics } from './metrics.ts';

/** An answer with an access token in it. */
export interface Issued {
  readonly origin: Origin;
  readonly accountId?: string | undefined;
  readonly clientId: string | undefined;
  readonly grantType: string;
  readonly token: AccessToken | ClientCredentials | undefined;
}

/** Puts what was issued on the record, and counts it. */
export function noteIssued(
  { origin, accountId, clientId, grantType, token }: Issued,
  { audit, metrics }: { readonly audit: Audit; readonly metrics: ProtocolMetrics | undefined },
): void {
  const kind = token?.format === 'jwt' ? 'jwt' : 'opaque';
  metrics?.tokenIssued(kind, grantType);
  audit.note({
    type: 'token.issued',
    origin,
    accountId,
    clientId,
    grantType,
    kind,
    // The id of an opaque token is the token.
    jti: kind === 'jwt' ? token?.jti : undefined,
  });
}
