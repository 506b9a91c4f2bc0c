import type { IncomingMessage } from 'node:http';

/**
 * A short way to the answer of an ordinary request: what the engine would answer with 200, and nothing else.
 * Undefined: the engine must answer. Until then nothing was issued, written or taken from `request`.
 */
export type Lane = (request: IncomingMessage) => Promise<object | undefined>;
