import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { createFeedRequests } from './feed-requests.ts';
import { followFeed } from './follow-feed.ts';
import { createHearing } from './hearing.ts';
import { createIssuer } from './issuer.ts';
import { createIssuerTime } from './issuer-time.ts';
import type { Credentials, VerifierClock, VerifierEvent } from './options.ts';
import { readTarget, type NodeRequest } from './presentation.ts';
import { createRelayFollowers, type RelayFollowers } from './relay-followers.ts';
import { reportFollowers } from './relay-reports.ts';
import { createRelayTape, type Recorded, type RelayTape } from './relay-tape.ts';
import { feedState, feedUrl } from './revocation-check.ts';
import { createRhythm } from './rhythm.ts';
import { settingsOf } from './settings.ts';

/** A follower that leaves more than this unread is cut off, and comes again. */
const UNREAD_BYTES_MAX = 1024 ** 2;
/** Digests do not get smaller, whatever the effort. */
const COMPRESSION = { level: 1 } as const;

const compress = promisify(gzip);

export interface RelayOptions {
  readonly issuer: string;
  readonly credentials?: Credentials | undefined;
  /** What operators call it; left out: host, process id, and a few letters. With credentials it tells them of its followers, too. */
  readonly name?: string | undefined;
  /** Where the feed is; left out: `<issuer>/revocations`. */
  readonly url?: string | undefined;
  /** Left out: whoever reaches the relay may follow it. The feed names no token and no person. */
  readonly authorize?: ((request: NodeRequest) => boolean) | undefined;
  /** Seconds without a word after which it is silent, too; left out: four of the heartbeats that the feed tells of. */
  readonly silentAfterSeconds?: number | undefined;
  readonly algorithms?: readonly string[] | undefined;
  readonly fetch?: typeof fetch | undefined;
  readonly clock?: VerifierClock | undefined;
  readonly onEvent?: ((event: VerifierEvent) => void) | undefined;
}

/** As much of a response of `node:http` as is used. */
export interface NodeResponse {
  readonly writableLength: number;
  writeHead(status: number, headers: Record<string, string>): unknown;
  write(text: string, written?: (error?: Error | null) => void): unknown;
  end(body?: string | Uint8Array): unknown;
  once(event: 'close', listener: () => void): unknown;
}

/** One connection to the issuer for all verifiers of a machine. */
export interface Relay {
  /** Answers `.../revocations` and `.../revocations/snapshot`; false: the request is for something else. */
  handle(request: NodeRequest, response: NodeResponse): boolean;
  status(): RelayStatus;
  close(): void;
}

export interface RelayStatus {
  readonly feed: 'starting' | 'following' | 'silent';
  readonly followers: number;
  readonly silentForMs: number;
  readonly disconnects: number;
  readonly lastError: string | undefined;
}

/**
 * Follows the feed and hands it on as it came: verifiers name its address as `revocation.url`. It is not to be trusted more than the
 * wire: each message is signed by the issuer, and when the issuer is not heard, the relay is silent.
 */
export function createRelay(options: RelayOptions): Relay {
  const { authorize = () => true, silentAfterSeconds, url: chosenUrl, ...rest } = options;
  const settings = settingsOf({ ...rest, audience: 'relay', revocation: false });
  const url = chosenUrl ?? feedUrl(settings.issuer);
  const rhythm = createRhythm(silentAfterSeconds && silentAfterSeconds * 1000);
  const tape = createRelayTape();
  const hearing = createHearing(settings.clock);
  const following = followFeed({
    settings,
    trust: { ...settings, keys: createIssuer(settings).keys },
    requests: createFeedRequests(settings, url),
    list: tape,
    hearing,
    rhythm,
    time: createIssuerTime(settings.clock),
  });
  const responses = new Set<NodeResponse>();
  const followers = createRelayFollowers();
  const stop = new AbortController();
  void reportFollowers(settings, url, { list: followers.list, signal: stop.signal });
  const snapshots = createSnapshots(tape);

  function serve(request: NodeRequest, response: NodeResponse): void {
    const { path, query } = readTarget(request.url ?? '');
    if (!authorize(request)) answer(response, 401);
    else if (feedState(hearing.silentForMs(), rhythm) !== 'following') answer(response, 503);
    else if (path.endsWith('/snapshot')) void snapshots.send(response);
    else {
      const cursor = query.get('after') ?? '';
      stream({ tape, followers, responses }, { request, response, cursor });
    }
  }

  return {
    handle(request, response) {
      const isFeed = /\/revocations(?:\/snapshot)?$/.test(readTarget(request.url ?? '').path);
      if (isFeed) serve(request, response);
      return isFeed;
    },
    status() {
      const silentForMs = hearing.silentForMs();
      const { count: disconnects, lastError } = following.disconnects();
      const feed = feedState(silentForMs, rhythm);
      return { feed, followers: responses.size, silentForMs, disconnects, lastError };
    },
    close() {
      following.close();
      stop.abort();
      for (const response of responses) response.end();
    },
  };
}

interface Served {
  readonly tape: RelayTape;
  readonly followers: RelayFollowers;
  readonly responses: Set<NodeResponse>;
}

/** What came behind the cursor, and whatever comes from now on. */
function stream(
  { tape, followers, responses }: Served,
  asked: {
    readonly request: NodeRequest;
    readonly response: NodeResponse;
    readonly cursor: string;
  },
): void {
  const { request, response, cursor } = asked;
  const stretch = tape.after(cursor);
  if (stretch === undefined) return answer(response, 410);
  const tracked = followers.track(request, stretch.at);
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  // Sends the head at once: a follower with nothing to hear knows that it is connected.
  response.write(':\n\n');
  const tell = (message: Recorded | undefined): void => {
    if (message === undefined || response.writableLength > UNREAD_BYTES_MAX) {
      response.end('event: snapshot\ndata:\n\n');
      return;
    }
    const { place, jws } = message;
    const event = `event: revocations\nid: ${message.cursor}\ndata: ${jws}\n\n`;
    response.write(event, (error) => error ?? tracked.move(place));
  };
  for (const message of stretch.missed) tell(message);
  const endListening = tape.listen(tell);
  responses.add(response);
  response.once('close', () => {
    endListening();
    tracked.end();
    responses.delete(response);
  });
}

/** Compresses each snapshot once, for all who come for it. */
function createSnapshots(tape: RelayTape): { send(response: NodeResponse): Promise<void> } {
  let made: { readonly lines: readonly string[]; readonly body: Promise<Uint8Array> } | undefined;

  return {
    async send(response) {
      const lines = tape.snapshotLines() ?? [];
      if (made?.lines !== lines) made = { lines, body: compress(lines.join('\n'), COMPRESSION) };
      const body = await made.body;
      response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' });
      response.end(body);
    },
  };
}

function answer(response: NodeResponse, status: number): void {
  response.writeHead(status, { 'cache-control': 'no-store' });
  response.end();
}
