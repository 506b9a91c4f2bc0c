import type { Rooms } from './compose.ts';
import { installationOf } from './config/installation.ts';
import type { Metrics } from './http/metrics.ts';
import type { Views } from './http/views.ts';
import type { Inbox } from './mail/inbox.ts';
import { openPost } from './mail/open-post.ts';
import type { Checks } from './node-health.ts';
import { createFeedSigner } from './revocation/feed-signing.ts';
import type { SigningKeys } from './signing-keys/signing-keys.ts';
import { openSmsPost } from './sms/open-sms-post.ts';

/** What brings letters and text messages out. */
export async function openPosts(parts: {
  readonly rooms: Rooms;
  readonly views: Views;
  readonly signingKeys: SigningKeys;
  readonly metrics: Metrics;
  readonly closers: (() => Promise<void>)[];
}): Promise<{ readonly inbox: Inbox | undefined; readonly checks: Checks }> {
  const { rooms, views, signingKeys, metrics, closers } = parts;
  const { settings } = rooms;
  const { isDev } = installationOf(settings);
  const common = { ...rooms, stationery: views, isDev };
  const letters = await openPost({
    ...common,
    settings: settings.mail,
    name: settings.pages.name,
    count: metrics.letter,
  });
  closers.push(() => letters.close());
  const texts = await openSmsPost({
    ...common,
    settings: settings.sms,
    keepFor: settings.mail.keepFor,
    issuer: rooms.profile.issuer,
    sign: createFeedSigner(() => signingKeys.current().keys),
    outboundFetch: rooms.outbound.fetch,
    count: metrics.textMessage,
  });
  closers.push(async () => await texts?.close());
  metrics.watch({
    lettersWaiting: letters.countWaiting,
    textMessagesWaiting: texts?.countWaiting,
  });
  return {
    inbox: letters.inbox ?? texts?.inbox,
    checks: { mail: letters.health, ...(texts && { sms: texts.health }) },
  };
}
