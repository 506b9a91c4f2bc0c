import type { Hooks } from '../hooks/hooks.ts';
import type { Clock } from '../runtime/clock.ts';
import type { TellOfRequest } from './request-letters.ts';

/** What the event is called (RFC 8417 section 2.2). */
const TYPE = 'urn:latchkey:event:sign-in-request';

/** Tells a program of the operator, which may ring the person's phone; with the way to the page where they answer. */
export function createRequestCalls({
  url,
  issuer,
  hooks,
  clock,
}: {
  readonly url: string;
  readonly issuer: string;
  readonly hooks: Hooks;
  readonly clock: Pick<Clock, 'now'>;
}): TellOfRequest {
  return async ({ accountId, clientId, clientName, message, lifetimeSeconds, languages }) => {
    const holdsUntil = clock.now() + lifetimeSeconds;
    await hooks.call({
      url,
      type: TYPE,
      accountId,
      claims: {
        client_id: clientId,
        client_name: clientName,
        ...(message !== '' && { binding_message: message }),
        ...(languages.length > 0 && { ui_locales: languages.join(' ') }),
        answer_uri: `${issuer}/account/requests`,
        expires_at: holdsUntil,
      },
      holdsUntil,
    });
  };
}
