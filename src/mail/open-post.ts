import type { Audit } from '../audit/audit.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Sealer } from '../runtime/sealing.ts';
import type { Records } from '../storage/records.ts';
import type { State } from '../storage/state.ts';
import type { Stationery } from './compose-letter.ts';
import type { MailConfig } from './config.ts';
import type { LetterResult } from './delivery.ts';
import { createInbox, type Inbox } from './inbox.ts';
import { startPost, type Post } from './post.ts';
import { createQueueRecords } from './queue-records.ts';
import { createSmtpCarrier } from './smtp.ts';

export interface OpenPostOptions {
  readonly records: Records;
  readonly state: State;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly audit: Audit;
  readonly stationery: Stationery;
  readonly settings: MailConfig;
  /** Of the installation: what letters say they are from. */
  readonly name: string;
  readonly isDev: boolean;
  readonly count: (result: LetterResult) => void;
}

/** Where the letters of a node go. */
export interface OpenedPost extends Post {
  /** In the dev profile without a mail server; else letters leave, or wait for one. */
  readonly inbox: Inbox | undefined;
  countWaiting(): Promise<number>;
}

/** @throws {SecretUnavailable} when the password of the mail server cannot be read. */
export async function openPost(options: OpenPostOptions): Promise<OpenedPost> {
  const { records, settings, name, isDev } = options;
  const queue = createQueueRecords(records);
  const { countWaiting } = queue;
  if (settings.smtp.host !== undefined) {
    const carrier = await createSmtpCarrier({ settings, name });
    return { ...(await startPost({ ...options, queue, carrier })), inbox: undefined, countWaiting };
  }
  if (!isDev) {
    const post = await startPost({ ...options, queue, carrier: undefined });
    return { ...post, inbox: undefined, countWaiting };
  }
  return {
    inbox: createInbox(options),
    countWaiting,
    health: () => ({ ok: true, remarks: [] }),
    close: async () => undefined,
  };
}
