import type { Logger } from '../../runtime/logger.ts';
import { createListeners } from './listeners.ts';
import type { Reader } from './reader.ts';

/** How soon another process's notice is heard. */
const POLL_MS = 100;

/** What is said of topics: here at once, by other processes within `POLL_MS`. */
export interface Notices {
  /** This process has said it; `notices` is the topic's count by now. */
  said(topic: string, notices: number): void;
  /** In force when it returns. Gives the function that ends it. */
  subscribe(topic: string, listener: () => void): () => void;
  close(): void;
}

/**
 * Notices are a counter for each topic in the file. SQLite tells for next to nothing (2 microseconds) whether
 * anyone has written since the last look, so the counters are read only then; and nobody looks while nobody listens.
 */
export function createNotices(reader: Reader, logger: Logger): Notices {
  const readChange = reader.connection.prepare('PRAGMA data_version');
  const readCount = reader.connection.prepare('SELECT notices FROM state_topic WHERE topic = ?');
  const listeners = createListeners(logger);
  let change: unknown;
  let isBlind = false;
  let timer: NodeJS.Timeout | undefined;

  const count = (topic: string): number =>
    reader.read(() => Number(readCount.get(topic)?.['notices'] ?? 0));

  function look(): void {
    const latest = reader.read(() => readChange.get()?.['data_version']);
    if (latest === change) return;
    for (const topic of listeners.topics()) listeners.tell(topic, count(topic));
    change = latest;
  }

  function poll(): void {
    try {
      look();
      if (isBlind) listeners.tellAll();
      isBlind = false;
    } catch {
      // A damaged file is told by the reader; else the next look comes by itself, and tells everyone.
      isBlind = true;
    }
  }

  function watch(): void {
    if (listeners.topics().length > 0) {
      timer ??= setInterval(poll, POLL_MS).unref();
    } else {
      clearInterval(timer);
      timer = undefined;
    }
  }

  return {
    said: (topic, notices) => listeners.tell(topic, notices),
    subscribe(topic, listener) {
      const end = listeners.add(topic, listener, () => count(topic));
      watch();
      return () => {
        end();
        watch();
      };
    },
    close() {
      listeners.clear();
      watch();
    },
  };
}
