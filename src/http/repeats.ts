import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** The longest request that is kept: there is one for each connection. */
const KEPT_BYTES_MAX = 2048;

/** A request that was answered with the whole document at `path`. */
export interface Answered {
  readonly request: IncomingMessage;
  readonly path: string;
}

/** Answers requests that come again, byte for byte, without reading them again. */
export interface Repeats {
  /** To be told in the turn in which the request came in. */
  answered(answered: Answered): void;
}

/** What goes out for the document at `path` now; undefined: the request has to be read. */
export type AnswerAgain = (path: string) => Buffer | undefined;

export function createRepeats(answerAgain: AnswerAgain): Repeats {
  const watches = new WeakMap<Socket, Watch>();
  return {
    answered(answered) {
      const { socket, headers } = answered.request;
      // It was told to continue, beside the answer.
      if (headers.expect !== undefined) return;
      const found = watches.get(socket);
      if (found) found.answered(answered);
      else watches.set(socket, watch(socket, answerAgain));
    },
  };
}

interface Watch {
  answered(answered: Answered): void;
}

/** A request as it came in. */
interface Kept {
  readonly bytes: Buffer;
  readonly path: string;
}

/**
 * Stands between the connection and the HTTP parser. What comes in passes on to the parser as it came. When the
 * parser made one whole request of it that spells just these bytes, they are kept: coming next, they mean the same.
 * Whatever else comes makes them forgotten, because the parser may then be in the middle of something, where the
 * same bytes could be the body of another request.
 */
function watch(socket: Socket, answerAgain: AnswerAgain): Watch {
  const parse = parserOf(socket);
  let latest: Answered | undefined;
  let kept: Kept | undefined;

  function hear(chunk: Buffer): void {
    const answer = kept?.bytes.equals(chunk) === true ? answerTo(kept) : undefined;
    if (answer) socket.write(answer);
    else pass(chunk);
  }

  /** Nothing while an answer is still on its way: node:http knows how to hold up who asks and does not read. */
  function answerTo({ path }: Kept): Buffer | undefined {
    return socket.writableLength === 0 ? answerAgain(path) : undefined;
  }

  function pass(chunk: Buffer): void {
    parse?.(chunk);
    kept = keep(latest, chunk);
    latest = undefined;
  }

  if (parse) {
    // node:http reads past JavaScript until somebody listens.
    socket.on('data', hear);
    socket.off('data', parse);
  }
  return {
    answered(answered) {
      latest = answered;
    },
  };
}

type Parse = (chunk: Buffer) => void;

/** By what node:http listens to a connection. Undefined: somebody else does, too. */
function parserOf(socket: Socket): Parse | undefined {
  const listeners: readonly unknown[] = socket.listeners('data');
  const [parse] = listeners;
  return listeners.length === 1 && isParse(parse) ? parse : undefined;
}

function isParse(listener: unknown): listener is Parse {
  return typeof listener === 'function';
}

/** Undefined unless `chunk` spells `answered` and was all of it: then the parser waits for the next request. */
function keep(answered: Answered | undefined, chunk: Buffer): Kept | undefined {
  if (answered === undefined || chunk.length > KEPT_BYTES_MAX) return undefined;
  const { request, path } = answered;
  return request.complete && chunk.equals(spell(request)) ? { bytes: chunk, path } : undefined;
}

/** The bytes of a request's head (RFC 9112 sections 3 and 5), written as most clients do. */
function spell({ method = '', url = '', rawHeaders }: IncomingMessage): Buffer {
  let head = `${method} ${url} HTTP/1.1\r\n`;
  for (let index = 0; index < rawHeaders.length; index += 2)
    head += `${rawHeaders[index] ?? ''}: ${rawHeaders[index + 1] ?? ''}\r\n`;
  return Buffer.from(`${head}\r\n`, 'latin1');
}
