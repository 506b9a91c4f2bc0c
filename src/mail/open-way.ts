import type { Records } from '../storage/records.ts';
import { createInbox, type Inbox, type InboxOptions } from './inbox.ts';
import { startPost, type Post, type PostOptions } from './post.ts';
import { createQueueRecords } from './queue-records.ts';

export interface OpenWayOptions extends Omit<PostOptions, 'queue'>, InboxOptions {
  readonly records: Records;
}

/** Where that which leaves a node in one way goes. */
export interface OpenedPost extends Post {
  /** In the dev profile without a carrier; else letters leave, or wait for one. */
  readonly inbox: Inbox | undefined;
  countWaiting(): Promise<number>;
}

/** The post of one way out; in the dev profile without a carrier an inbox in its place. */
export async function openWay(options: OpenWayOptions): Promise<OpenedPost> {
  const { records, way, carrier, isDev } = options;
  const queue = createQueueRecords(records, way);
  const { countWaiting } = queue;
  if (carrier !== undefined || !isDev) {
    const post = await startPost({ ...options, queue });
    return { ...post, inbox: undefined, countWaiting };
  }
  return {
    inbox: createInbox(options),
    countWaiting,
    health: () => ({ ok: true, remarks: [] }),
    close: async () => undefined,
  };
}
