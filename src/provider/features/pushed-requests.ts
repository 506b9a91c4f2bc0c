import { z } from 'zod';
import { duration } from '../../config/values.ts';
import { PUSHED_PATH } from '../routes.ts';
import type { Feature, FeatureOptions } from './feature.ts';

/** Pushed authorization requests (RFC 9126). */
export const pushedRequestsConfig = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('Clients may hand in their requests at /par before they send people (RFC 9126).'),
    required: z
      .boolean()
      .default(false)
      .describe('Requests that are not pushed are refused, whatever the client.'),
    lifetime: duration('1m').describe('How long a pushed request may be used.'),
  })
  .refine(({ enabled, required }) => enabled || !required, {
    path: ['required'],
    error: 'needs protocol.pushedRequests.enabled',
  })
  .prefault({});

export function pushedRequests(
  { enabled, required, lifetime }: z.output<typeof pushedRequestsConfig>,
  { url }: FeatureOptions,
): Feature {
  // The engine's own default is on.
  if (!enabled) return { engine: { pushedAuthorizationRequests: { enabled: false } } };
  return {
    engine: { pushedAuthorizationRequests: { enabled: true } },
    lifetimes: { PushedAuthorizationRequest: lifetime },
    routes: { pushed_authorization_request: PUSHED_PATH },
    announced: {
      pushed_authorization_request_endpoint: url(PUSHED_PATH),
      ...(required && { require_pushed_authorization_requests: true }),
    },
  };
}
