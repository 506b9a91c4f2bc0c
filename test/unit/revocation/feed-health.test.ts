import { expect, test } from 'vitest';
import { createFeedHealth } from '../../../src/revocation/feed-health.ts';
import { createRecordingLogger } from '../../support/recording-logger.ts';

test('a feed that cannot be signed is told of once, and once when it can again', async () => {
  const { logger, lines } = createRecordingLogger();
  const health = createFeedHealth(logger);
  const sign = health.watched(() => Promise.resolve('a.b.c'));
  for (let n = 0; n < 5; n += 1) health.failed(new Error('no key may sign'));
  await sign({}, 'typ');
  await sign({}, 'typ');
  expect(lines.map(({ fields }) => fields.event)).toEqual(['feed.failed', 'feed.restored']);
  health.failed(new Error('again'));
  expect(lines.at(-1)?.fields).toEqual({ event: 'feed.failed', reason: 'Error: again' });
});
