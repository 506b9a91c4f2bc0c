import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What the node counts, and what it is asked for at each look. */
export interface Metrics {
  /** A request that has ended. `route` comes from a small vocabulary, never from a stranger. */
  request(ended: {
    readonly method: string;
    readonly route: string;
    readonly status: number;
    readonly seconds: number;
  }): void;
  /** A prepared document went out. */
  document(): void;
  /** A request that the HTTP parser refused, or that was turned away: `parser`, `overload`, `misdirected`. */
  refused(reason: string): void;
  signIn(result: string): void;
  tokenIssued(kind: string, grantType: string): void;
  /** How a try to send a letter ended. */
  letter(result: 'sent' | 'postponed' | 'given_up'): void;
  /** How a try to send a text message ended. */
  textMessage(result: 'sent' | 'postponed' | 'given_up'): void;
  /** How a try to call a program of the operator ended. */
  hookCall(result: 'taken' | 'postponed' | 'given_up'): void;
  /** Sources of figures that are read when Prometheus comes. */
  watch(sources: MetricSources): void;
  /** The text exposition format. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Each is read on every look; what is left out is not told. */
export interface MetricSources {
  readonly requestsUnderWay?: (() => number) | undefined;
  readonly loopDelaySeconds?: (() => number) | undefined;
  /** Health by part: `state`, `records`, ... */
  readonly health?: (() => Promise<ReadonlyMap<string, boolean>>) | undefined;
  readonly keys?:
    | (() => readonly { readonly algorithm: string; readonly phase: string }[])
    | undefined;
  /** The number of the newest revocation that this node knows. */
  readonly revocationNumber?: (() => number) | undefined;
  /** Status lists, the tokens in them, and how long ago they were found to show all that was revoked. */
  readonly statusLists?:
    | (() => { readonly lists: number; readonly tokens: number; readonly behindSeconds: number })
    | undefined;
  /** Letters that wait to be sent, by any node. */
  readonly lettersWaiting?: (() => Promise<number>) | undefined;
  /** Text messages that do. */
  readonly textMessagesWaiting?: (() => Promise<number>) | undefined;
}

/** Each sample wakes the process. */
const LOOP_SAMPLE_MS = 50;
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

const KEY_PHASES = ['published', 'signing', 'verifying', 'retired', 'revoked'];

/** Figures of this node alone, in a registry of its own. `ofProcess`: those of Node, too, which take watching. */
export function createMetrics({ ofProcess = true } = {}): Metrics {
  const registry = new Registry();
  if (ofProcess)
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_SAMPLE_MS });
  const registers = [registry];

  const durations = new Histogram({
    name: 'latchkey_http_request_seconds',
    help: 'How long requests took, by route and status.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: SECONDS,
    registers,
  });
  const refusals = counter(
    registry,
    'latchkey_http_refused_total',
    'Requests that got no further than the door.',
    ['reason'],
  );
  const signIns = counter(registry, 'latchkey_sign_ins_total', 'Sign-ins by how they ended.', [
    'result',
  ]);
  const tokens = counter(registry, 'latchkey_tokens_issued_total', 'Tokens issued.', [
    'kind',
    'grant_type',
  ]);
  const letters = counter(
    registry,
    'latchkey_letters_total',
    'Letters by how a try to send them ended.',
    ['result'],
  );
  const textMessages = counter(
    registry,
    'latchkey_text_messages_total',
    'Text messages by how a try to send them ended.',
    ['result'],
  );
  const hookCalls = counter(
    registry,
    'latchkey_hook_calls_total',
    'Calls to programs of the operator by how a try ended.',
    ['result'],
  );
  return {
    request: createObserver(durations),
    document: createDocumentCounter(registry),
    refused: (reason) => refusals.inc({ reason }),
    signIn: (result) => signIns.inc({ result }),
    tokenIssued: (kind, grantType) => tokens.inc({ kind, grant_type: grantType }),
    letter: (result) => letters.inc({ result }),
    textMessage: (result) => textMessages.inc({ result }),
    hookCall: (result) => hookCalls.inc({ result }),
    watch: (sources) => watch(registry, sources),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

/** Finds the labels' own histogram once, not anew for every request. */
function createObserver(durations: Histogram<'method' | 'route' | 'status'>): Metrics['request'] {
  const known = new Map<string, ReturnType<typeof durations.labels>>();
  return ({ method, route, status, seconds }) => {
    const key = `${method} ${status} ${route}`;
    const found = known.get(key) ?? durations.labels({ method, route, status });
    known.set(key, found);
    found.observe(seconds);
  };
}

/** A plain number until somebody looks: nothing is asked for as often as these. */
function createDocumentCounter(registry: Registry): () => void {
  let served = 0;
  const counted: Counter = new Counter({
    name: 'latchkey_http_documents_total',
    help: 'Discovery, key set and assets served from memory.',
    registers: [registry],
    collect() {
      counted.reset();
      counted.inc(served);
    },
  });
  return () => {
    served += 1;
  };
}

function counter(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[] = [],
): Counter {
  return new Counter({ name, help, labelNames: [...labelNames], registers: [registry] });
}

function watch(registry: Registry, sources: MetricSources): void {
  const numbers = [
    [
      'latchkey_http_requests_under_way',
      'Requests that wait for their answer.',
      sources.requestsUnderWay,
    ],
    [
      'latchkey_event_loop_delay_seconds',
      'How late the event loop was: 99th percentile of the last second.',
      sources.loopDelaySeconds,
    ],
    [
      'latchkey_revocation_number',
      'The newest revocation that this node knows.',
      sources.revocationNumber,
    ],
  ] as const;
  for (const [name, help, read] of numbers)
    if (read) gauge(registry, { name, help }, (it) => it.set(read()));

  watchStatusLists(registry, sources);
  watchQueues(registry, sources);
  const { health, keys } = sources;
  if (health) {
    const help = '1 while a part of the house is well.';
    gauge(registry, { name: 'latchkey_healthy', help, labels: ['part'] }, async (it) => {
      for (const [part, ok] of await health()) it.set({ part }, ok ? 1 : 0);
    });
  }
  if (keys) {
    const help = `Signing keys, and keys to encrypt to, by where they stand: ${KEY_PHASES.join(', ')}.`;
    const labels = ['algorithm', 'phase'];
    gauge(registry, { name: 'latchkey_signing_keys', help, labels }, (it) => {
      it.reset();
      // A phase without a key is 0: a figure that only vanished would set off no alarm.
      for (const { algorithm, phase } of keys())
        for (const one of KEY_PHASES) it.inc({ algorithm, phase: one }, one === phase ? 1 : 0);
    });
  }
}

function watchQueues(
  registry: Registry,
  { lettersWaiting, textMessagesWaiting }: MetricSources,
): void {
  const queues = [
    ['latchkey_letters_waiting', 'Letters that wait to be sent, by any node.', lettersWaiting],
    [
      'latchkey_text_messages_waiting',
      'Text messages that wait to be sent, by any node.',
      textMessagesWaiting,
    ],
  ] as const;
  for (const [name, help, count] of queues)
    if (count) gauge(registry, { name, help }, async (it) => it.set(await count()));
}

function watchStatusLists(registry: Registry, { statusLists }: MetricSources): void {
  if (!statusLists) return;
  const told = [
    ['latchkey_status_lists', 'Status lists with a token that may live.', 'lists'],
    ['latchkey_status_list_tokens', 'Tokens in status lists that may live.', 'tokens'],
    [
      'latchkey_status_lists_behind_seconds',
      'Since when the status lists were not found to show all that was revoked.',
      'behindSeconds',
    ],
  ] as const;
  for (const [name, help, figure] of told)
    gauge(registry, { name, help }, (it) => it.set(statusLists()[figure]));
}

function gauge(
  registry: Registry,
  {
    name,
    help,
    labels = [],
  }: { readonly name: string; readonly help: string; readonly labels?: readonly string[] },
  read: (gauge: Gauge) => void | Promise<void>,
): void {
  // Rooms that follow others in the same process are asked in their place.
  registry.removeSingleMetric(name);
  const made: Gauge = new Gauge({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    collect: () => read(made),
  });
}
