import type { Redis } from 'ioredis';

const BEATS_PER_TIMEOUT = 5;

/**
 * Ends the connection of `client` when an answer takes longer than `timeoutMs`. Redis answers in order, so
 * a PING that is late proves that everything sent before it is late: one small command in place of a timer
 * for each. It also finds a connection that died while nobody used it.
 *
 * What counts are beats, not the time: a process that was held up has one late beat behind it and the answers
 * still to read, and must not take its own lateness for that of Redis.
 *
 * @returns the function that stops it.
 */
export function startHeartbeat(client: Redis, timeoutMs: number): () => void {
  let stream: Redis['stream'] | undefined;
  let isAsked = false;
  let beats = 0;
  let bytesHeard = 0;

  async function ask(): Promise<void> {
    const asked = client.stream;
    isAsked = true;
    // A failure is the end of the connection, which is told elsewhere.
    await client.ping().catch(() => undefined);
    if (stream === asked) isAsked = false;
  }

  /** Whether something is waited for since the last beat, and has not come. */
  function isWaiting(): boolean {
    if (client.status === 'ready') return isAsked;
    // The handshake, in which a Redis that still reads its data answers again and again that it does.
    const { bytesRead } = client.stream;
    const isSilent = bytesRead === bytesHeard;
    bytesHeard = bytesRead;
    return client.status === 'connect' && isSilent;
  }

  function beat(): void {
    if (client.status !== 'ready' && client.status !== 'connect') return;
    if (stream !== client.stream) {
      stream = client.stream;
      isAsked = false;
      beats = 0;
    }
    beats = isWaiting() ? beats + 1 : 0;
    if (beats >= BEATS_PER_TIMEOUT) stream.destroy(new Error(`no answer within ${timeoutMs} ms`));
    else if (client.status === 'ready' && !isAsked) void ask();
  }

  const timer = setInterval(beat, timeoutMs / BEATS_PER_TIMEOUT).unref();
  return () => clearInterval(timer);
}
