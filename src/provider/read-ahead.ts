import type { IncomingMessage } from 'node:http';

/**
 * The body of a request that says how long it is. It stays in `request`, for the engine to read as if nobody had;
 * with `rewrite` what stays is what that gives. Undefined: the client left in the middle of it.
 */
export function readAhead(
  request: IncomingMessage,
  bytes: number,
  rewrite: (body: Buffer) => Buffer = (body) => body,
): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let missing = bytes;

    function settle(): void {
      request.off('readable', take);
      request.off('close', settle);
      if (missing > 0 || request.destroyed) resolve(undefined);
      else {
        const body = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
        // In the same turn as the last read: a turn later the request would count as read to its end.
        request.unshift(rewrite(body));
        resolve(body);
      }
    }

    function take(): void {
      for (;;) {
        const chunk: Buffer | null = request.read();
        if (chunk === null) break;
        chunks.push(chunk);
        missing -= chunk.length;
      }
      if (missing <= 0) settle();
    }

    request.on('readable', take);
    request.on('close', settle);
  });
}
