import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Agent, request as askOverTls } from 'node:https';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAssets } from '../../../src/http/assets.ts';
import type { Certificate } from '../../../src/http/certificate.ts';
import { httpConfig, type HttpConfig } from '../../../src/http/config.ts';
import { createDocumentDoor, type DocumentDoor } from '../../../src/http/document-door.ts';
import { openDevCertificate } from '../../../src/http/dev-authority.ts';
import { createListener, createTlsListener, listenOn } from '../../../src/http/listener.ts';
import { createMetrics, type Metrics } from '../../../src/http/metrics.ts';
import type { PreparedDocument } from '../../../src/provider/contract.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { rounds } from '../../support/counts.ts';

const PATH = '/.well-known/jwks.json';
const ASK = `GET ${PATH} HTTP/1.1\r\nHost: id.example\r\nConnection: keep-alive\r\n\r\n`;

/** A server with a document and an echo; `parsed` counts what node:http read. */
interface Tested {
  readonly server: Server;
  readonly port: number;
  readonly door: DocumentDoor;
  readonly metrics: Metrics;
  readonly sockets: Socket[];
  parsed: number;
  refused: number;
  document: PreparedDocument;
}

const documentOf = (text: string): PreparedDocument => ({
  body: Buffer.from(text),
  etag: `"${text.length}"`,
  contentType: 'application/jwk-set+json; charset=utf-8',
  cacheControl: 'public, max-age=300',
});

interface OpenOptions {
  /** Somebody else listens to every connection, so that each request is parsed. */
  readonly isPlain?: boolean;
  readonly limits?: Partial<HttpConfig['limits']>;
  readonly text?: string;
  readonly certificate?: Certificate;
}

async function open(options: OpenOptions = {}): Promise<Tested> {
  const { isPlain = false, limits = {}, text = '{"keys":["é"]}', certificate } = options;
  const settings = httpConfig.parse({ listen: { port: 0 } });
  const metrics = createMetrics();
  const tested = { parsed: 0, refused: 0, document: documentOf(text), sockets: [] as Socket[] };
  const door = createDocumentDoor({
    settings: { ...settings, limits: { ...settings.limits, ...limits } },
    protocol: { document: (path) => (path === PATH ? tested.document : undefined) },
    assets: createAssets([]),
    metrics,
    clock: systemClock,
  });
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    tested.parsed += 1;
    const path = request.url?.split('?')[0] ?? '';
    if (!door.answer(request, response, path)) void echo(request, response);
  };
  const onRefused = (): void => void (tested.refused += 1);
  const all = { ...settings.limits, ...limits };
  const server = certificate
    ? createTlsListener(all, handle, onRefused, { certificate })
    : createListener(all, handle, onRefused);
  server.on('connection', (socket: Socket) => {
    tested.sockets.push(socket);
    if (isPlain) socket.on('data', () => undefined);
  });
  const port = await listenOn(server, { ...settings.listen, setting: 'http.listen' });
  return Object.assign(tested, { server, port, door, metrics });
}

/** So that it shows when bytes of one request are taken for another. */
async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch {
    return;
  }
  const seen = [request.method, request.url, request.rawHeaders, Buffer.concat(chunks).toString()];
  response.end(JSON.stringify(seen));
}

async function close({ server }: Tested): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => void server.close(resolve));
}

/** A client that sends each chunk for itself, and waits until it was read and answered. */
interface Talk {
  readonly socket: Socket;
  readonly peer: Socket;
  say(chunk: string): Promise<void>;
  /** All that was answered until now; dates left out. */
  heard(): string;
  end(): Promise<string>;
}

async function talkTo(tested: Tested): Promise<Talk> {
  const before = tested.sockets.length;
  const socket = connect({ port: tested.port, host: '127.0.0.1', noDelay: true });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk)).on('error', () => undefined);
  while (tested.sockets.length === before) await turn();
  const peer = tested.sockets[before] ?? socket;
  let said = 0;
  const heard = (): string =>
    Buffer.concat(chunks)
      .toString('latin1')
      .replaceAll(/Date: [^\r]+/g, 'Date: *');
  return {
    socket,
    peer,
    heard,
    async say(chunk) {
      if (peer.destroyed || socket.readyState !== 'open') return;
      socket.write(chunk, 'latin1');
      said += Buffer.byteLength(chunk, 'latin1');
      while (!peer.destroyed && peer.bytesRead < said) await turn();
      // What is answered is answered within a few turns: nothing here waits for anything else.
      for (let turns = 0; turns < 5; turns += 1) await turn();
      while (!peer.destroyed && socket.bytesRead < peer.bytesWritten) await turn();
    },
    async end() {
      if (!socket.closed) {
        socket.end();
        await once(socket, 'close');
      }
      return heard();
    },
  };
}

let tested: Tested;
let plain: Tested;
beforeAll(async () => {
  tested = await open();
  plain = await open({ isPlain: true });
});
afterAll(() => Promise.all([close(tested), close(plain)]));

async function converse(to: Tested, chunks: readonly string[]): Promise<string> {
  const talk = await talkTo(to);
  for (const chunk of chunks) await talk.say(chunk);
  return talk.end();
}

/** The answers of the server under test, which must be those of one that parses everything. */
async function expectSame(chunks: readonly string[]): Promise<string> {
  const [ours, theirs] = await Promise.all([converse(tested, chunks), converse(plain, chunks)]);
  expect(ours, JSON.stringify(chunks)).toBe(theirs);
  return ours;
}

const get = (...lines: readonly string[]): string =>
  [`GET ${PATH} HTTP/1.1`, ...lines, '', ''].join('\r\n');
const post = (...lines: readonly string[]): string =>
  ['POST /echo HTTP/1.1', 'Host: id.example', ...lines, '', ''].join('\r\n');

/** A head that could be its own body. */
function ownLength(): string {
  const lengths = Array.from({ length: 200 }, (_, length) => length);
  const heads = lengths.map((length) => get('Host: id.example', `Content-Length: ${length}`));
  return heads.find((head, length) => head.length === length) ?? '';
}

const ODD: readonly (readonly [string, string])[] = [
  ['no header but the host', get('Host: id.example')],
  ['a query', ASK.replace(PATH, `${PATH}?a=b`)],
  ['names in lower case', ASK.toLowerCase().replace('get', 'GET').replace('http/', 'HTTP/')],
  [
    'headers of a browser',
    get('Host: id.example', 'Cookie: a=b', 'Accept: */*', 'Range: bytes=0-1'),
  ],
  ['a header twice', get('Host: id.example', 'Accept: a', 'Accept: b')],
  ['the host twice', get('Host: id.example', 'Host: id.example')],
  ['no host', get('Accept: a')],
  ['an empty header', get('Host: id.example', 'Accept: ')],
  ['no blank behind the colon', get('Host:id.example')],
  ['blanks around a value', get('Host:   id.example  ')],
  ['a tab in a value', get('Host: id.example', 'Accept: a\tb')],
  ['Latin-1 in a value', get('Host: id.example', 'Accept: \u00e9\u00ff')],
  ['a folded line', get('Host: id.example', 'Accept: a', ' b')],
  ['a name with a blank', get('Host: id.example', 'Accept : a')],
  ['a control character', get('Host: id.example', 'Accept: a\u0000b')],
  ['a bare line feed', ASK.replaceAll('\r\n', '\n')],
  ['an empty line before', `\r\n${ASK}`],
  ['HEAD', ASK.replace('GET', 'HEAD')],
  ['OPTIONS', ASK.replace('GET', 'OPTIONS')],
  ['a POST', post('Content-Length: 3') + 'abc'],
  ['a method nobody knows', ASK.replace('GET', 'GOT')],
  ['HTTP/1.0', ASK.replace('HTTP/1.1', 'HTTP/1.0')],
  ['HTTP/2.0', ASK.replace('HTTP/1.1', 'HTTP/2.0')],
  ['a whole URL', ASK.replace(PATH, `http://id.example${PATH}`)],
  ['another path', ASK.replace(PATH, '/echo')],
  ['a path in upper case', ASK.replace(PATH, PATH.toUpperCase())],
  ['a known version', get('Host: id.example', 'If-None-Match: *')],
  ['an older version', get('Host: id.example', 'If-None-Match: "old"')],
  ['connection: close', ASK.replace('keep-alive', 'close')],
  ['connection: Keep-Alive, X', ASK.replace('keep-alive', 'Keep-Alive, X')],
  ['an upgrade', get('Host: id.example', 'Connection: Upgrade', 'Upgrade: websocket')],
  ['an upgrade of nothing', get('Host: id.example', 'Upgrade: h2c')],
  ['a length of none', get('Host: id.example', 'Content-Length: 0')],
  ['a body', get('Host: id.example', 'Content-Length: 3') + 'abc'],
  ['a body to come', get('Host: id.example', `Content-Length: ${ASK.length}`)],
  ['a body to come, as long as its head', ownLength()],
  ['chunks to come', get('Host: id.example', 'Transfer-Encoding: chunked')],
  ['an expectation', get('Host: id.example', 'Expect: 100-continue')],
  ['a head of 3 KB', get('Host: id.example', `Accept: ${'a'.repeat(3000)}`)],
  ['a head too large', get('Host: id.example', `Accept: ${'a'.repeat(17_000)}`)],
  ['two at once', ASK + ASK],
  ['one and a half', ASK + ASK.slice(0, 40)],
  ['three and a stranger', `${ASK}${ASK}${ASK}nonsense\r\n\r\n`],
  ['a tunnel', 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n'],
  ['nothing like HTTP', '\u0016\u0003\u0001\r\n\r\n'],
];

describe('a request that comes again on its connection', () => {
  test('is answered without being parsed again, and the same but for the date', async () => {
    const before = tested.parsed;
    const answer = await expectSame(Array.from({ length: 10 }, () => ASK));
    expect(tested.parsed - before).toBe(2);
    expect(answer.split('HTTP/1.1 200 OK').length).toBe(11);
    expect(answer).toContain('Keep-Alive: timeout=65');
  });

  test('is counted like any other', async () => {
    const count = async (): Promise<number> =>
      Number(/documents_total (\d+)/.exec(await tested.metrics.text())?.[1]);
    const before = await count();
    await converse(
      tested,
      Array.from({ length: 7 }, () => ASK),
    );
    expect((await count()) - before).toBe(7);
  });

  test('carries the date of its second', async () => {
    const talk = await talkTo(tested);
    const beganMs = Date.now();
    let raw = '';
    talk.socket.on('data', (chunk) => (raw += chunk.toString('latin1')));
    for (let time = 0; time < 5; time += 1) await talk.say(ASK);
    const dates = [...raw.matchAll(/Date: ([^\r]+)/g)].map(([, date = '']) => Date.parse(date));
    expect(dates.length).toBe(5);
    for (const date of dates) {
      expect(date).toBeGreaterThan(beganMs - 2000);
      expect(date).toBeLessThanOrEqual(Date.now());
    }
    await talk.end();
  });

  test.each(ODD)('%s: the same as ever, again and again, and in between', async (_, odd) => {
    await expectSame([odd, odd, odd, odd]);
    await expectSame([ASK, ASK, ASK, odd, ASK, ASK, ASK, odd]);
    await expectSame([odd, ASK, ASK, ASK]);
  });

  test('in two parts, wherever it is cut, is the same as in one', async () => {
    for (let cut = 1; cut < ASK.length; cut += rounds(3, 1))
      await expectSame([ASK, ASK, ASK, ASK.slice(0, cut), ASK.slice(cut), ASK, ASK]);
  });

  test('as the body of another is a body (a request could be smuggled)', async () => {
    const length = `Content-Length: ${ASK.length}`;
    const chunked = [ASK.length.toString(16), '\r\n'].join('');
    for (const head of [[post(length)], [post('Transfer-Encoding: chunked'), chunked]]) {
      const answer = await expectSame([ASK, ASK, ASK, ...head, ASK, '\r\n0\r\n\r\n', ASK, ASK]);
      expect(answer).toContain(JSON.stringify(ASK));
    }
    await expectSame([ASK, ASK, ASK, post(`Content-Length: ${ASK.length * 2}`), ASK, ASK, ASK]);
  });

  test('behind a head that was begun is a part of that head', async () => {
    for (const begun of [
      'GET /echo HTTP/1.1\r\nHost: a\r\nX: ',
      `GET ${PATH} HTTP/1.1\r\nX: `,
      'GET ',
    ])
      await expectSame([ASK, ASK + begun, ASK, ASK, ASK]);
    await expectSame([ASK + `GET ${PATH} HTTP/1.1\r\nX: `, ASK, ASK, ASK]);
  });

  test('in any mixture of whole, half and odd requests gets what a parser makes of them', async () => {
    const pieces = fc.oneof(
      { weight: 6, arbitrary: fc.constant(ASK) },
      fc.constantFrom(...ODD.map(([, odd]) => odd)),
      fc.nat(ASK.length).map((end) => ASK.slice(0, end)),
      fc.nat(ASK.length).map((start) => ASK.slice(start)),
      fc.nat(2 * ASK.length).map((length) => post(`Content-Length: ${length}`)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { minLength: 1, maxLength: 12 }), async (chunks) => {
        await expectSame(chunks);
      }),
      { numRuns: rounds(100, 2000) },
    );
  });
});

describe('a connection whose requests repeat', () => {
  test('gets another document from the moment it changes', async () => {
    const talk = await talkTo(tested);
    for (let time = 0; time < 4; time += 1) await talk.say(ASK);
    const old = tested.document;
    tested.document = documentOf('{"keys":["new"]}');
    await talk.say(ASK);
    expect(talk.heard()).toMatch(/"new"\]\}$/);
    Object.assign(tested.document, { cacheControl: 'public, max-age=7' });
    await talk.say(ASK);
    expect(talk.heard().split('\r\n\r\n').at(-2)).toContain('max-age=7');
    tested.document = old;
    await talk.end();
  });

  test('is asked to leave by a node that leaves', async () => {
    const leaving = await open();
    const talk = await talkTo(leaving);
    for (let time = 0; time < 4; time += 1) await talk.say(ASK);
    leaving.door.leave();
    const before = leaving.parsed;
    await talk.say(ASK);
    expect(leaving.parsed).toBe(before + 1);
    await talk.end();
    await close(leaving);
  });

  test('is closed when it is idle for longer than the limit', async () => {
    const short = await open({ limits: { keepAliveTimeout: 0.05 } });
    const talk = await talkTo(short);
    for (let time = 0; time < 4; time += 1) await talk.say(ASK);
    await once(talk.socket, 'close');
    expect(talk.heard().match(/200 OK/g)?.length).toBe(4);
    await close(short);
  });

  test('and then sends a slow head is answered 408 like any other', async () => {
    const short = await open({ limits: { headersTimeout: 0.1, requestTimeout: 0.2 } });
    const talk = await talkTo(short);
    for (let time = 0; time < 4; time += 1) await talk.say(ASK);
    await talk.say(ASK.slice(0, 20));
    await once(talk.socket, 'close');
    expect(short.refused).toBe(1);
    await close(short);
  });

  test('whose client does not read is held up: nothing piles up here', async () => {
    const bytes = 500_000;
    const asked = 40;
    const large = await open({ text: 'x'.repeat(bytes) });
    const talk = await talkTo(large);
    for (let time = 0; time < 3; time += 1) await talk.say(ASK);
    talk.socket.pause();
    for (let time = 0; time < asked; time += 1) {
      talk.socket.write(ASK);
      for (let turns = 0; turns < 20; turns += 1) await turn();
    }
    expect(talk.peer.writableLength).toBeLessThan(3 * bytes);
    talk.socket.resume();
    const all = (3 + asked) * bytes;
    await expect.poll(() => talk.socket.bytesRead).toBeGreaterThan(all);
    expect(talk.heard().match(/200 OK/g)?.length).toBe(3 + asked);
    await talk.end();
    await close(large);
  });

  test('over TLS, too', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-repeats-'));
    const pair = await openDevCertificate(folder, 'localhost', systemClock);
    const current = { current: () => pair, onChange: () => undefined, close: () => undefined };
    const secure = await open({ certificate: current });
    const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
    const to = { port: secure.port, path: PATH, agent, host: '127.0.0.1' };
    for (let time = 0; time < 5; time += 1) {
      const [response] = (await once(askOverTls(to).end(), 'response')) as [IncomingMessage];
      expect(await response.setEncoding('utf8').reduce((all, part) => all + part, '')).toBe(
        '{"keys":["é"]}',
      );
    }
    expect(secure.parsed).toBe(2);
    agent.destroy();
    await close(secure);
    await rm(folder, { recursive: true });
  });

  test('that breaks off, or is cut off, harms no one', async () => {
    const talks = [await talkTo(tested), await talkTo(tested), await talkTo(tested)];
    for (const { say } of talks) for (let time = 0; time < 4; time += 1) await say(ASK);
    const [reset, cut, well] = talks;
    reset?.socket.write(ASK);
    reset?.socket.resetAndDestroy();
    cut?.peer.destroy();
    await expect.poll(() => reset?.peer.destroyed).toBe(true);
    await well?.say(ASK);
    expect((await well?.end())?.match(/200 OK/g)?.length).toBe(5);
  });
});
