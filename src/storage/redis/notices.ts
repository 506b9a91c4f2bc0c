import type { Logger } from '../../runtime/logger.ts';
import type { State } from '../state.ts';
import { createAttempt } from './attempts.ts';
import { createFence } from './fence.ts';
import { openLink, type Link, type LinkOptions } from './link.ts';
import type { Names } from './names.ts';
import { createSubscriptions } from './subscriptions.ts';
import { oneWay } from './topology.ts';

/** The connection on which notifications come. */
export interface Notices {
  readonly link: Link;
  readonly subscribe: State['subscribe'];
  close(): Promise<void>;
}

interface NoticesOptions extends Pick<
  LinkOptions,
  'redis' | 'elsewhere' | 'sentinels' | 'timeoutMs'
> {
  readonly names: Names;
  readonly logger: Logger;
}

/** Opens it. A Cluster tells on every node what was published at any, so it may lead to each of them. */
export function openNotices({ names, logger, ...options }: NoticesOptions): Notices {
  let connections = 0;
  const link = openLink({
    ...options,
    redis: { ...options.redis, ...options.elsewhere?.(), connectionName: 'latchkey-notices' },
    prepare: (client) => subscriptions.restore(client),
    onReady() {
      connections += 1;
      if (connections > 1) subscriptions.tellAll();
    },
  });
  const main = {
    link,
    fence: createFence(() => undefined),
    run: <Answer>(act: () => Promise<Answer>) => act(),
  };
  const ways = oneWay({
    main,
    durable: () => main,
    links: () => [link],
    close: () => link.close(),
  });
  const attempt = createAttempt(ways, options.timeoutMs);
  const subscriptions = createSubscriptions({ client: link.client, attempt }, logger);
  link.client.on('message', subscriptions.tell);
  return {
    link,
    async subscribe(topic, listener) {
      return await subscriptions.subscribe(names.channel(topic), listener);
    },
    close: () => link.close(),
  };
}
