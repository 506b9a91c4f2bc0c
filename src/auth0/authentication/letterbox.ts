import { foldEmail } from '../../accounts/login.ts';
import { createQuotas } from '../../accounts/quotas.ts';
import type { Letter, LetterName } from '../../mail/mail.ts';
import type { Origin } from '../../runtime/origin.ts';
import { problem } from './api-problem.ts';
import type { Room } from './room.ts';

const HOUR_LETTERS_OF_MAILBOX = 5;

/** Letters that strangers ask for. */
export interface Letterbox {
  /** Counts what one address asks for, whatever comes of it. @throws {ApiProblem} beyond the limit. */
  admit(origin: Origin): Promise<void>;
  /** Beyond what one mailbox gets in an hour nothing is sent, and nothing is told. Nobody waits for it. */
  post<Name extends LetterName>(letter: Letter<Name>, origin: Origin): void;
}

export function createLetterbox({
  state,
  mail,
  logger,
  limits,
}: Pick<Room, 'state' | 'mail' | 'logger' | 'limits'>): Letterbox {
  const quotas = createQuotas(state, 'auth0');
  const { perAddress: max, overall } = limits;

  async function send<Name extends LetterName>(
    letter: Letter<Name>,
    origin: Origin,
  ): Promise<void> {
    const mailbox = foldEmail(letter.to) ?? letter.to;
    const { address } = origin;
    if (await quotas.takeLetter({ mailbox, address, max: HOUR_LETTERS_OF_MAILBOX }))
      await mail.send(letter);
  }

  return {
    async admit({ address }) {
      if (!(await quotas.take({ address, max, overall })))
        throw problem(429, 'too_many_requests', 'Too many requests; try again later.');
    },
    post(letter, origin) {
      send(letter, origin).catch((error: Error) => {
        logger.error({ event: 'mail.not_queued', error }, 'a letter could not be queued');
      });
    },
  };
}
