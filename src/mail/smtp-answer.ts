import { z } from 'zod';
import type { Carried } from './carrier.ts';

/** Only what is said of the recipient or of the letter itself ends it; of anything else the server may think better. */
const OF_THIS_LETTER = new Set(['RCPT TO', 'DATA']);
/** What nodemailer hangs on its errors, as far as it is there. */
const fields = z.object({
  responseCode: z.number().optional().catch(undefined),
  command: z.string().catch(''),
  code: z.string().catch(''),
});
const CODE = /^[A-Z0-9_]{1,40}$/;

/** How a try ended that nodemailer threw `error` of. The server's own words stay out: they may repeat the letter. */
export function smtpAnswerOf(error: unknown): Carried {
  const { responseCode, command, code } = fields.parse(Object(error));
  if (responseCode === undefined)
    return { kind: 'later', code: CODE.test(code) ? code : 'EFAILED' };
  const isFinal = responseCode >= 500 && OF_THIS_LETTER.has(command);
  return { kind: isFinal ? 'refused' : 'later', code: String(responseCode) };
}
