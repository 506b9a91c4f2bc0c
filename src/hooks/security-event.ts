import { z } from 'zod';
import type { JsonObject } from '../runtime/json.ts';

/** RFC 8417 section 2.3, and the media type of RFC 8935 section 2.1. */
export const EVENT_TYPE = 'secevent+jwt';

/** Signs a JWS (RFC 7515) with this payload and `typ` by a current key of the issuer. */
export type SignEvent = (payload: JsonObject, typ: string) => Promise<string>;

/** What a call says, as it waits. */
export const keptEvent = z.strictObject({
  accountId: z.string(),
  claims: z.record(z.string(), z.json()),
});

/** A Security Event Token (RFC 8417): its subject by the names of RFC 9493 section 3.2.4, its event alone. */
export function securityEvent(
  call: { readonly id: string; readonly url: string; readonly type: string },
  event: z.output<typeof keptEvent>,
  { issuer, now }: { readonly issuer: string; readonly now: number },
): JsonObject {
  return {
    iss: issuer,
    aud: call.url,
    iat: now,
    jti: call.id,
    sub_id: { format: 'iss_sub', iss: issuer, sub: event.accountId },
    events: { [call.type]: event.claims },
  };
}
