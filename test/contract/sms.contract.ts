import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CompactSign, compactVerify, exportJWK, generateKeyPair, importJWK } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AuditEvent } from '../../src/audit/audit.ts';
import { openViews, type Views } from '../../src/http/views.ts';
import { createMail, MAIL_TOPIC } from '../../src/mail/create-mail.ts';
import { openPost } from '../../src/mail/open-post.ts';
import type { OpenedPost } from '../../src/mail/open-way.ts';
import { mailConfig } from '../../src/mail/config.ts';
import { createSealer } from '../../src/runtime/sealing.ts';
import { smsConfig } from '../../src/sms/config.ts';
import { createSms } from '../../src/sms/create-sms.ts';
import type { SignMessage } from '../../src/sms/gateway.ts';
import { openSmsPost } from '../../src/sms/open-sms-post.ts';
import type { Sms, TextMessage } from '../../src/sms/sms.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { PLAIN_THEME, VIEWS_FOLDER } from '../support/pages-host.ts';
import { createToldLogger, type ToldLogger } from '../support/told.ts';
import type { MailPlace, MailStore } from './mail.contract.ts';

const ISSUER = 'https://id.example.com';
const NUMBER = '+15551234567';
const SEALER = createSealer([new Uint8Array(32).fill(5)]);
const keys = await generateKeyPair('ES256');
const publicKey = await importJWK(await exportJWK(keys.publicKey), 'ES256');
const sign: SignMessage = (payload, typ) =>
  new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'ES256', kid: 'k1', typ })
    .sign(keys.privateKey);

interface Node {
  readonly sms: Sms;
  readonly post: OpenedPost | undefined;
  readonly logger: ToldLogger;
}

/** What text messages promise on every engine. */
export function describeSmsContract(name: string, openPlace: () => Promise<MailPlace>): void {
  describe(`text messages on ${name}`, () => {
    let views: Views;
    let place: MailPlace;
    let stores: readonly MailStore[];
    let clock: FakeClock;
    let gateway: Server;
    let url: string;
    let received: { readonly headers: IncomingHttpHeaders; readonly body: string }[];
    /** What the gateway answers, one after the other; then 202. */
    let answers: number[];
    let audited: AuditEvent[];
    let counted: string[];
    let closers: (() => Promise<void>)[];
    let started: number;
    let caller: number;

    beforeAll(async () => {
      views = await openViews({ folder: VIEWS_FOLDER, theme: PLAIN_THEME, languages: [] });
      place = await openPlace();
      stores = [await place.open(), await place.open()];
      await stores[0]?.records.migrate();
      caller = 0;
    });
    afterAll(() => place.close());
    beforeEach(async () => {
      const records = stores[0]?.records;
      await records?.write(records.queries.deleteFrom('letter'));
      clock = createFakeClock();
      [received, answers, audited, counted, closers, started] = [[], [], [], [], [], 0];
      gateway = createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          received.push({
            headers: request.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          });
          response.writeHead(answers.shift() ?? 202).end();
        });
      });
      await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
      url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/messages`;
    });
    afterEach(async () => {
      for (const close of closers.toReversed()) await close();
      gateway.closeAllConnections();
      await new Promise((resolve) => gateway.close(resolve));
    });

    async function startNode(given: object = {}, isDev = false): Promise<Node> {
      // Two doors to one store, taken in turn.
      const store = stores[started++ % stores.length];
      if (store === undefined) throw new TypeError('no store');
      const settings = smsConfig.parse({ gateway: { url }, ...given });
      const logger = createToldLogger();
      const audit = {
        record: async (event: AuditEvent) => void audited.push(event),
        note: (event: AuditEvent) => void audited.push(event),
        flush: async () => undefined,
        close: async () => undefined,
      };
      const house = { ...store, sealer: SEALER, clock, logger, audit, stationery: views, isDev };
      const queue = createMail(house);
      closers.push(queue.close);
      const post = await openSmsPost({
        ...house,
        settings,
        keepFor: 3600,
        issuer: ISSUER,
        sign,
        outboundFetch: fetch,
        count: (result) => void counted.push(result),
      });
      if (post !== undefined) closers.push(post.close);
      return { sms: createSms({ ...house, queue, settings }), post, logger };
    }

    /** From an address that has asked for nothing yet, to a number that has got nothing yet. */
    function message(changes: Partial<TextMessage> = {}): TextMessage {
      caller += 1;
      return {
        to: NUMBER.slice(0, -3) + String(caller).padStart(3, '0'),
        text: 'Your code is 481516.',
        code: '481516',
        purpose: 'sign-in',
        origin: { address: `198.51.100.${caller}` },
        ...changes,
      };
    }

    async function look(): Promise<number> {
      await stores[0]?.state.notify(MAIL_TOPIC);
      return received.length;
    }

    test('leave once, whichever nodes look: JSON, signed over its very bytes (RFC 7515 appendix F)', async () => {
      const [{ sms }] = [await startNode(), await startNode(), await startNode()];
      const sent = message();
      await sms.send(sent);
      await expect.poll(look).toBe(1);
      await expect.poll(() => counted).toEqual(['sent']);
      await look();
      expect(received).toHaveLength(1);
      const [{ headers, body } = { headers: {}, body: '' }] = received;
      expect(headers['content-type']).toBe('application/json');
      expect(JSON.parse(body)).toEqual({
        iss: ISSUER,
        aud: url,
        iat: clock.now(),
        jti: expect.any(String),
        to: sent.to,
        text: sent.text,
      });
      const [header = '', payload, signature = ''] = String(headers['latchkey-signature']).split(
        '.',
      );
      expect(payload).toBe('');
      const whole = [header, Buffer.from(body).toString('base64url'), signature].join('.');
      const { protectedHeader } = await compactVerify(whole, publicKey);
      expect(protectedHeader.typ).toBe('text-message+jwt');
      const changed = Buffer.from(body.replace('481516', '111111')).toString('base64url');
      await expect(
        compactVerify([header, changed, signature].join('.'), publicKey),
      ).rejects.toThrow('signature verification failed');
    });

    test('are tried again after seconds while the gateway is in trouble, as the same message', async () => {
      answers = [503, 429];
      const { sms, post } = await startNode();
      await sms.send(message());
      await expect.poll(() => counted).toEqual(['postponed']);
      expect(post?.health().remarks.join()).toMatch(
        /^a text message could not leave \(HTTP_503\)/u,
      );
      clock.advance(5);
      await expect.poll(look).toBe(2);
      await expect.poll(() => counted).toHaveLength(2);
      clock.advance(10);
      await expect.poll(look).toBe(3);
      await expect.poll(() => counted).toEqual(['postponed', 'postponed', 'sent']);
      const ids = received.map(({ body }) => String(JSON.parse(body).jti));
      expect(new Set(ids).size).toBe(1);
    });

    test('are given up at once when the gateway refuses them, and when their code is good no more', async () => {
      answers = [422, 500];
      const { sms } = await startNode();
      await sms.send(message());
      await expect.poll(() => counted).toEqual(['given_up']);
      await sms.send(message());
      await expect.poll(() => counted).toEqual(['given_up', 'postponed']);
      clock.advance(601);
      await expect
        .poll(async () => {
          await look();
          return counted;
        })
        .toEqual(['given_up', 'postponed', 'given_up']);
      expect(received).toHaveLength(2);
      expect(audited.filter(({ type }) => type === 'mail.given_up')).toMatchObject([
        { letter: 'text-message', code: 'HTTP_422' },
        { letter: 'text-message', code: 'EXPIRED' },
      ]);
    });

    test('lie sealed in the queue, and neither number nor code is in log or audit', async () => {
      answers = [503];
      const { sms, logger } = await startNode({ perNumber: 1 });
      const sent = message();
      await sms.send(sent);
      await expect(sms.send(sent)).rejects.toMatchObject({ limit: 'number' });
      await expect.poll(() => counted).toEqual(['postponed']);
      const records = stores[0]?.records;
      const rows = await records?.all(records.queries.selectFrom('letter').selectAll());
      expect(JSON.stringify(rows)).not.toContain('481516');
      const told = JSON.stringify([logger.lines, audited]);
      expect(told).not.toContain('481516');
      expect(told).not.toContain(sent.to);
      expect(audited).toMatchObject([
        { type: 'sms.queued', purpose: 'sign-in', number: sent.to.slice(-4) },
        { type: 'sms.refused', limit: 'number', number: sent.to.slice(-4) },
      ]);
    });

    test('are no way to spend the money of the operator: by number, address, prefix and over all (SMS pumping)', async () => {
      const nodes = [
        await startNode({ perNumber: 1, perAddress: 2, prefixes: ['+1'] }),
        await startNode({ perNumber: 1, perAddress: 2, prefixes: ['+1'] }),
      ];
      const limitOf = async (sent: TextMessage, index: number): Promise<unknown> =>
        await nodes[index % 2]?.sms.send(sent).then(
          () => 'sent',
          (error: { readonly limit: string }) => error.limit,
        );
      const { to } = message();
      const origin = { address: '203.0.113.7' };
      expect(await limitOf(message({ to, origin }), 0)).toBe('sent');
      expect(await limitOf(message({ to, origin }), 1)).toBe('number');
      expect(await limitOf(message({ origin }), 0)).toBe('sent');
      expect(await limitOf(message({ origin }), 1)).toBe('address');
      for (const _ of [2, 3, 4]) expect(await limitOf(message({ to }), 0)).toBe('sent');
      expect(await limitOf(message({ to }), 1)).toBe('number');
      expect(await limitOf(message({ to: '+88213000000' }), 0)).toBe('prefix');
      const { sms } = await startNode({ overall: 1 });
      await expect(sms.send(message())).rejects.toMatchObject({ limit: 'overall' });
    });

    test('do not wait for letters, nor letters for them', async () => {
      const { sms, logger } = await startNode();
      const store = stores[0];
      if (store === undefined) throw new TypeError('no store');
      const audit = {
        record: async () => undefined,
        note: () => undefined,
        flush: async () => undefined,
        close: async () => undefined,
      };
      const house = { ...store, sealer: SEALER, clock, logger, audit, stationery: views };
      const settings = mailConfig.parse({});
      const letters = await openPost({
        ...house,
        settings,
        name: 'Acme',
        isDev: false,
        count: () => undefined,
      });
      closers.push(letters.close);
      const mail = createMail(house);
      closers.push(mail.close);
      await mail.send({ to: 'ada@example.com', name: 'test', data: { at: 1 }, languages: [] });
      await sms.send(message());
      await expect.poll(look).toBe(1);
      await expect.poll(() => counted).toEqual(['sent']);
      expect(await letters.countWaiting()).toBe(1);
    });

    test('go nowhere without a gateway, and in the dev profile into the inbox', async () => {
      const without = await startNode({ gateway: {} });
      expect([without.sms.isAvailable, without.post]).toEqual([false, undefined]);
      await expect(without.sms.send(message())).rejects.toMatchObject({
        code: 'ERR_NO_SMS_GATEWAY',
      });
      const { sms, post } = await startNode({ gateway: {} }, true);
      const sent = message();
      await sms.send(sent);
      expect(await post?.inbox?.list(sent.to)).toMatchObject([
        { to: sent.to, text: sent.text, code: '481516', html: '' },
      ]);
      await expect(sms.send(message({ to: '555 1234' }))).rejects.toMatchObject({
        code: 'ERR_UNFIT_NUMBER',
      });
    });
  });
}
