import { OWN_CLIENT_PREFIX } from '../../clients/config.ts';
import type { FeatureSettings } from './config.ts';

/** What the installation demands of the client `clientId`, whatever that registered, as RFC 7591 metadata. */
export type Demands = (clientId: string) => Readonly<Record<string, true>>;

/**
 * The engine could demand the same of every client at once. Pages of our own, which begin their sign-ins by plain
 * requests, would then be shut out as well.
 */
export function createDemands({ pushedRequests, requestObjects }: FeatureSettings): Demands {
  const demanded: Readonly<Record<string, true>> = {
    ...(pushedRequests.required && { require_pushed_authorization_requests: true }),
    ...(requestObjects.required && { require_signed_request_object: true }),
  };
  return (clientId) => (clientId.startsWith(OWN_CLIENT_PREFIX) ? {} : demanded);
}
