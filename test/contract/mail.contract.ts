import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AuditEvent } from '../../src/audit/audit.ts';
import { openViews, type Views } from '../../src/http/views.ts';
import type { Carried, Carrier, Parcel } from '../../src/mail/carrier.ts';
import { mailConfig } from '../../src/mail/config.ts';
import { createMail, MAIL_TOPIC } from '../../src/mail/create-mail.ts';
import type { Letter, Mail } from '../../src/mail/mail.ts';
import { startPost, type Post } from '../../src/mail/post.ts';
import { createQueueRecords } from '../../src/mail/queue-records.ts';
import { createSealer } from '../../src/runtime/sealing.ts';
import type { Records } from '../../src/storage/records.ts';
import type { State } from '../../src/storage/state.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { PLAIN_THEME, VIEWS_FOLDER } from '../support/pages-host.ts';
import { createToldLogger, type ToldLogger } from '../support/told.ts';

/** One store, as a node has it. */
export interface MailStore {
  readonly records: Records;
  readonly state: State;
}

/** A store with nodes on it. */
export interface MailPlace {
  open(): Promise<MailStore>;
  close(): Promise<void>;
}

const SEALER = createSealer([new Uint8Array(32).fill(7)]);
const CODE: Letter<'sign-in-code'> = {
  to: 'ada@example.com',
  name: 'sign-in-code',
  data: {
    code: '481516',
    url: 'https://id.example.com/x?t=secret',
    minutes: 10,
    clientName: 'App',
  },
  languages: ['de-AT', 'en'],
};
const INVITATION: Letter<'invitation'> = {
  to: 'bob@example.com',
  name: 'invitation',
  data: { url: 'https://id.example.com/join', days: 30, inviter: '' },
  languages: [],
};

/** A node with a carrier that a test holds in its hands. */
interface Node {
  readonly store: MailStore;
  readonly mail: Mail & { close(): Promise<void> };
  readonly post: Post;
  readonly logger: ToldLogger;
  readonly audited: AuditEvent[];
  readonly counted: string[];
  readonly carried: Parcel[];
}

/** What queue and post promise on every engine. */
export function describeMailContract(name: string, openPlace: () => Promise<MailPlace>): void {
  describe(`mail on ${name}`, () => {
    let views: Views;
    let place: MailPlace;
    let stores: readonly MailStore[];
    let clock: FakeClock;
    let started: number;
    let closers: (() => Promise<void>)[];
    let answer: (parcel: Parcel) => Promise<Carried> | Carried;

    beforeAll(async () => {
      views = await openViews({ folder: VIEWS_FOLDER, theme: PLAIN_THEME, languages: [] });
      place = await openPlace();
      stores = [await place.open(), await place.open()];
      await stores[0]?.records.migrate();
    });
    afterAll(() => place.close());

    beforeEach(async () => {
      const records = stores[0]?.records;
      await records?.write(
        records.queries.deleteFrom('letter'),
        records.queries.deleteFrom('revocation_outbox'),
      );
      clock = createFakeClock();
      closers = [];
      answer = () => ({ kind: 'taken' });
      started = 0;
    });
    afterEach(async () => {
      for (const close of closers.toReversed()) await close();
    });

    async function startNode(hasCarrier = true): Promise<Node> {
      // Two doors to one store, taken in turn.
      const store = stores[started % stores.length];
      if (store === undefined) throw new TypeError('no store');
      started += 1;
      const logger = createToldLogger();
      const audited: AuditEvent[] = [];
      const counted: string[] = [];
      const carried: Parcel[] = [];
      const carrier: Carrier = {
        async carry(parcel) {
          carried.push(parcel);
          return answer(parcel);
        },
        close: async () => undefined,
      };
      const post = await startPost({
        way: 'mail',
        ...store,
        queue: createQueueRecords(store.records, 'mail'),
        sealer: SEALER,
        stationery: views,
        clock,
        logger,
        audit: {
          record: async (event) => void audited.push(event),
          note: () => undefined,
          flush: async () => undefined,
          close: async () => undefined,
        },
        count: (result) => counted.push(result),
        settings: mailConfig.parse({}),
        carrier: hasCarrier ? carrier : undefined,
      });
      const mail = createMail({ ...store, sealer: SEALER, clock, logger });
      closers.push(post.close, mail.close);
      return { store, mail, post, logger, audited, counted, carried };
    }

    const rows = (node: Node) =>
      node.store.records.all(
        node.store.records.queries.selectFrom('letter').selectAll().orderBy('created_at'),
      );

    /** Looks until it is so, and makes the post look, too: it may not have lain down to sleep when time was moved. */
    const soon = <Value>(node: Node, read: () => Value | Promise<Value>) =>
      expect.poll(async () => {
        await node.store.state.notify(MAIL_TOPIC);
        return read();
      });

    test('a letter that was sent leaves by itself, in the language of the person', async () => {
      const node = await startNode();
      await node.mail.send(CODE);
      await expect.poll(() => node.counted).toEqual(['sent']);
      const [parcel] = node.carried;
      expect(parcel).toMatchObject({ to: 'ada@example.com' });
      expect(parcel?.message.subject).toBe('Ihr Code für die Anmeldung bei Latchkey');
      expect(parcel?.message.text).toContain('481516');
      expect(node.logger.events()).toEqual(['mail.sent']);
    });

    test('a letter is queued together with what it tells of, or not at all', async () => {
      const node = await startNode();
      const { records } = node.store;
      const outbox = records.queries.insertInto('revocation_outbox');
      const row = { id: 'one', entry: '{}', created_at: 1 };
      await records.write(outbox.values(row), node.mail.queue(CODE));
      await expect(
        records.write(outbox.values(row), node.mail.queue({ ...CODE, to: 'eve@example.com' })),
      ).rejects.toMatchObject({ code: 'ERR_RECORD_CONFLICT' });
      // The node that queued it looks once it should be written.
      clock.advance(0.5);
      await expect.poll(() => node.counted).toEqual(['sent']);
      expect((await rows(node)).map(({ recipient }) => recipient)).toEqual(['ada@example.com']);
    });

    test('what a letter reads lies sealed, and is gone once it has left', async () => {
      const node = await startNode(false);
      await node.mail.send(CODE);
      const [waiting] = await rows(node);
      expect(waiting).toMatchObject({ state: 'waiting', recipient: 'ada@example.com' });
      expect(waiting?.content).toMatch(/^v1\./);
      expect(JSON.stringify(waiting)).not.toMatch(/481516|secret/);
      await startNode();
      await expect
        .poll(async () => (await rows(node))[0])
        .toMatchObject({
          state: 'sent',
          content: null,
          ended_at: clock.now(),
        });
    });

    test('of two nodes one sends a letter', async () => {
      const nodes = [await startNode(), await startNode()] as const;
      const letters = Array.from({ length: 30 }, (_, n) => ({ ...CODE, to: `p${n}@example.com` }));
      await Promise.all(letters.map(async (letter, n) => nodes[n % 2]?.mail.send(letter)));
      const carried = (): readonly string[] =>
        nodes.flatMap((node) => node.carried.map(({ to }) => to)).toSorted();
      await expect
        .poll(async () => {
          clock.advance(1);
          return (await rows(nodes[0])).filter(({ state }) => state === 'sent').length;
        })
        .toBe(30);
      expect(carried()).toEqual(letters.map(({ to }) => to).toSorted());
    });

    test('a letter that the server puts off is tried again with growing pauses', async () => {
      const node = await startNode();
      answer = () => ({ kind: 'later', code: '451' });
      await node.mail.send(INVITATION);
      await expect.poll(() => node.counted).toEqual(['postponed']);
      expect((await rows(node))[0]).toMatchObject({
        state: 'waiting',
        next_try_at: clock.now() + 60,
        last_error: '451',
      });
      expect(node.post.health().remarks).toEqual([
        'a letter could not leave (451): it is tried again, see mail.postponed in the log',
      ]);
      clock.advance(61);
      await soon(node, () => node.counted).toEqual(['postponed', 'postponed']);
      expect((await rows(node))[0]).toMatchObject({ next_try_at: clock.now() + 120, tries: 2 });
      answer = () => ({ kind: 'taken' });
      clock.advance(121);
      await soon(node, () => node.counted.at(-1)).toBe('sent');
      expect(new Set(node.carried.map(({ id }) => id)).size).toBe(1);
      expect(node.post.health().remarks).toEqual([]);
    });

    test('a letter that nobody takes is given up at once, and put on record without its words', async () => {
      const node = await startNode();
      answer = () => ({ kind: 'refused', code: '550' });
      await node.mail.send(CODE);
      await expect.poll(() => node.audited.length).toBe(1);
      expect(node.audited[0]).toMatchObject({
        type: 'mail.given_up',
        letter: 'sign-in-code',
        code: '550',
      });
      expect((await rows(node))[0]).toMatchObject({
        state: 'failed',
        content: null,
        last_error: '550',
      });
      expect(JSON.stringify(node.logger.lines)).not.toMatch(/481516|secret|ada@/);
    });

    test('a code is not sent after it has run out', async () => {
      const node = await startNode(false);
      await node.mail.send(CODE);
      await node.mail.send(INVITATION);
      clock.advance(601);
      const other = await startNode();
      const counted = (): readonly string[] => [...node.counted, ...other.counted].toSorted();
      await expect.poll(counted).toEqual(['given_up', 'sent']);
      expect(other.carried.map(({ to }) => to)).toEqual(['bob@example.com']);
    });

    test('a letter is given up after two days', async () => {
      const node = await startNode();
      answer = () => ({ kind: 'later', code: 'ECONNREFUSED' });
      await node.mail.send(INVITATION);
      await expect.poll(() => node.counted.length).toBe(1);
      clock.advance(2 * 24 * 3600);
      await soon(node, () => node.counted).toEqual(['postponed', 'given_up']);
      expect((await rows(node))[0]).toMatchObject({
        state: 'failed',
        content: null,
        last_error: 'EXPIRED',
      });
    });

    test('what a node held when it died, another sends', async () => {
      const dying = await startNode();
      const held = Promise.withResolvers<Carried>();
      answer = () => held.promise;
      await dying.mail.send(INVITATION);
      await expect.poll(() => dying.carried.length).toBe(1);
      answer = () => ({ kind: 'taken' });
      const other = await startNode();
      await other.mail.send(CODE);
      // By either: the first is not dead for letters that it does not hold.
      const counted = (): readonly string[] => [...dying.counted, ...other.counted];
      await expect.poll(counted).toEqual(['sent']);
      const carried = (): readonly string[] =>
        [...dying.carried, ...other.carried].map(({ to }) => to).toSorted();
      // Not before the claim is over: the first may only be slow.
      expect(carried()).toEqual([CODE.to, INVITATION.to]);
      clock.advance(121);
      await soon(other, carried).toEqual([CODE.to, INVITATION.to, INVITATION.to]);
      held.resolve({ kind: 'taken' });
    });

    test('a letter that hangs does not hold up the next', async () => {
      const node = await startNode();
      const held = Promise.withResolvers<Carried>();
      answer = ({ to }) => (to === INVITATION.to ? held.promise : { kind: 'taken' });
      await node.mail.send(INVITATION);
      await expect.poll(() => node.carried.length).toBe(1);
      await node.mail.send(CODE);
      await expect.poll(() => node.counted).toEqual(['sent']);
      held.resolve({ kind: 'taken' });
      await node.post.close();
      expect(node.counted).toEqual(['sent', 'sent']);
    });

    test('an answer that comes after the claim is over changes nothing', async () => {
      const slow = await startNode();
      const held = Promise.withResolvers<Carried>();
      answer = () => held.promise;
      await slow.mail.send(INVITATION);
      await expect.poll(() => slow.carried.length).toBe(1);
      answer = () => ({ kind: 'taken' });
      clock.advance(121);
      const other = await startNode();
      await expect.poll(() => other.counted).toEqual(['sent']);
      held.resolve({ kind: 'refused', code: '550' });
      await slow.post.close();
      expect((await rows(other))[0]).toMatchObject({ state: 'sent', last_error: null });
      expect(slow.counted).toEqual([]);
    });

    test('what has ended is forgotten after a while', async () => {
      const node = await startNode();
      await node.mail.send(CODE);
      await expect.poll(() => node.counted).toEqual(['sent']);
      clock.advance(7 * 24 * 3600 + 61);
      await soon(node, () => rows(node)).toEqual([]);
    });

    test('a letter sealed under an unknown master key is given up, for nobody can read it', async () => {
      const node = await startNode(false);
      const stranger = createSealer([new Uint8Array(32).fill(9)]);
      const logger = createToldLogger();
      const other = createMail({ ...node.store, sealer: stranger, clock, logger });
      await other.send(INVITATION);
      const reader = await startNode();
      await expect.poll(() => reader.counted).toEqual(['given_up']);
      expect((await rows(reader))[0]?.tries).toBe(1);
      expect(reader.logger.events()).toEqual(['mail.not_written', 'mail.given_up']);
    });
  });
}
