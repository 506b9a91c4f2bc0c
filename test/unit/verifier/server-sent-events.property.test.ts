import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readServerSentEvents } from '../../../verifier/src/server-sent-events.ts';
import { rounds } from '../../support/counts.ts';

async function events(chunks: readonly Uint8Array[]): Promise<readonly unknown[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  const read: unknown[] = [];
  for await (const event of readServerSentEvents(body)) read.push(event);
  return read;
}

describe('server-sent events', () => {
  test('come out whole, however the bytes are cut', async () => {
    const word = fc.stringMatching(/^[\wäß€.-]{1,30}$/);
    const sent = fc.array(fc.record({ event: word, data: word }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(sent, fc.integer({ min: 1, max: 40 }), async (all, size) => {
        const text = all.map(({ event, data }) => `:\n\nevent: ${event}\nid: 1\ndata: ${data}\n\n`);
        const bytes = new TextEncoder().encode(text.join(''));
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
          bytes.subarray(index * size, (index + 1) * size),
        );
        expect(await events(chunks)).toEqual(all);
      }),
      { numRuns: rounds(200, 3000) },
    );
  });

  test('an event that was not finished is not one', async () => {
    expect(await events([new TextEncoder().encode('event: revocations\ndata: x')])).toEqual([]);
  });

  test('a stream that never ends an event is given up', async () => {
    await expect(events([new Uint8Array(2 * 1024 ** 2)])).rejects.toThrow(/without an end/);
  });
});
