/** One event of a stream of server-sent events (WHATWG HTML section 9.2). */
export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

/** No line of ours comes near it: a stream that never ends a line is not ours. */
const BUFFER_CHARACTERS_MAX = 1024 ** 2;

/**
 * The events of a body, as they come. Lines end with `\n`, as the feed writes them.
 *
 * @yields each event that has data.
 */
export async function* readServerSentEvents(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<ServerSentEvent> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    if (text.length > BUFFER_CHARACTERS_MAX) throw new Error('an event without an end');
    for (const block of blocks) {
      const event = parseBlock(block);
      if (event !== undefined) yield event;
    }
  }
}

function parseBlock(block: string): ServerSentEvent | undefined {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    // A line that begins with a colon is a comment.
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).replace(/^ /, ''));
  }
  const event = fields.get('event');
  return event === undefined ? undefined : { event, data: fields.get('data') ?? '' };
}
