import { z } from 'zod';
import type { Feature } from './feature.ts';

/** The engine's promise that the response mode stays as it is in this version. */
const WEB_MESSAGES = 'individual-draft-01';

/** Answers by a message to the page that opened ours (OAuth 2.0 Web Message Response Mode). */
export const webMessagesConfig = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        "Clients may ask for response_mode=web_message: the answer goes to the page that framed or opened ours, if it is of the redirect URI's origin.",
      ),
  })
  .prefault({});

export function webMessages({ enabled }: z.output<typeof webMessagesConfig>): Feature | undefined {
  if (!enabled) return undefined;
  return {
    engine: { webMessageResponseMode: { enabled: true, ack: WEB_MESSAGES } },
    announced: { response_modes_supported: ['web_message'] },
  };
}
