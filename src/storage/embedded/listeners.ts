import type { Logger } from '../../runtime/logger.ts';

/** Who listens to which topic, and up to which notice each topic has been told. */
export interface Listeners {
  /** Adds a listener; a topic that is new begins at `notices`. Gives the function that takes it away. */
  add(topic: string, listener: () => void, notices: () => number): () => void;
  topics(): readonly string[];
  /** Runs the topic's listeners, if `notices` is news. */
  tell(topic: string, notices: number): void;
  /** Runs every listener: something may have been missed. */
  tellAll(): void;
  clear(): void;
}

interface Topic {
  readonly listeners: Set<{ readonly hear: () => void }>;
  told: number;
}

/** Nobody listens yet. A listener that throws is reported, and keeps nobody else from hearing. */
export function createListeners(logger: Logger): Listeners {
  const topics = new Map<string, Topic>();

  function run(name: string, { listeners }: Topic): void {
    for (const { hear } of listeners) {
      try {
        hear();
      } catch (thrown) {
        const error = thrown instanceof Error ? thrown : undefined;
        logger.error({ event: 'storage.listener_failed', topic: name, error }, 'a listener failed');
      }
    }
  }

  return {
    add(name, hear, notices) {
      const topic = topics.get(name) ?? { listeners: new Set(), told: notices() };
      const listener = { hear };
      topic.listeners.add(listener);
      topics.set(name, topic);
      return () => {
        topic.listeners.delete(listener);
        if (topic.listeners.size === 0 && topics.get(name) === topic) topics.delete(name);
      };
    },
    topics: () => [...topics.keys()],
    tell(name, notices) {
      const topic = topics.get(name);
      if (!topic || notices <= topic.told) return;
      topic.told = notices;
      run(name, topic);
    },
    tellAll() {
      for (const [name, topic] of topics) run(name, topic);
    },
    clear: () => topics.clear(),
  };
}
