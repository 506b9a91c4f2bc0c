import { generateKeyPair, jwtVerify, SignJWT, type CryptoKey } from 'jose';
import { describe, expect, test } from 'vitest';
import { statusListsConfig } from '../../../src/status-lists/config.ts';
import { createPublisher, type Publisher } from '../../../src/status-lists/publisher.ts';
import { rowOf } from '../../../src/status-lists/row.ts';
import { createTokenList, type TokenList } from '../../../src/status-lists/token-list.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';

const IDENTITY = { id: 'list-1', key: Buffer.alloc(16, 3).toString('base64url'), size: 1024 };
const URI = 'https://id.example.com/status-lists/list-1';

interface Press {
  readonly clock: FakeClock;
  readonly list: TokenList;
  readonly publisher: Publisher;
  readonly publicKey: CryptoKey;
  signed(): number;
  jws(): string;
  revoke(): void;
}

async function createPress(): Promise<Press> {
  const clock = createFakeClock();
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  let signed = 0;
  let newest = 0;
  const publisher = createPublisher({
    clock,
    settings: statusListsConfig.parse({}),
    uriOf: (id) => `https://id.example.com/status-lists/${id}`,
    aggregationUri: 'https://id.example.com/status-lists',
    sign(payload, typ) {
      signed += 1;
      return new SignJWT({ ...payload }).setProtectedHeader({ alg: 'ES256', typ }).sign(privateKey);
    },
  });
  const judgement = { epoch: () => '1-abc', before: () => newest, numberOf: () => 0 };
  const list = createTokenList(IDENTITY, judgement);
  list.put(rowOf({ jti: 'a', clientId: 'web', mark: '1-abc.0', expiresAt: clock.now() + 900 }, 0));
  return {
    clock,
    list,
    publisher,
    publicKey,
    signed: () => signed,
    jws() {
      const token = publisher.find('list-1');
      if (token === undefined || token === 'expired') throw new Error('nothing is published');
      return token.jws;
    },
    revoke() {
      newest = 1;
      Array.from(list.judge('everything'));
    },
  };
}

describe('a published list', () => {
  test('has the type and the claims of section 5.1', async () => {
    const { publisher, list, publicKey, jws, clock } = await createPress();
    await publisher.publish([list]);
    const { payload } = await jwtVerify(jws(), publicKey, {
      typ: 'statuslist+jwt',
      currentDate: new Date(clock.nowMs()),
    });
    expect(payload).toEqual({
      sub: URI,
      iat: clock.now(),
      exp: clock.now() + 300,
      ttl: 60,
      status_list: {
        bits: 1,
        lst: expect.stringMatching(/^[\w-]+$/u),
        aggregation_uri: 'https://id.example.com/status-lists',
      },
    });
  });

  test('is signed again when a bit changes, and only then, within its ttl', async () => {
    const { publisher, list, signed, jws, revoke } = await createPress();
    await publisher.publish([list]);
    await publisher.publish([list]);
    expect(signed()).toBe(1);
    const before = jws();
    revoke();
    await publisher.publish([list]);
    expect(signed()).toBe(2);
    expect(jws()).not.toBe(before);
  });

  test('is signed again when its ttl is over, and when the clock was set back', async () => {
    const { publisher, list, signed, clock } = await createPress();
    await publisher.publish([list]);
    clock.advance(60);
    await publisher.publish([list]);
    expect(signed()).toBe(2);
    clock.advance(-1);
    await publisher.publish([list]);
    expect(signed()).toBe(3);
  });

  test('that is not signed again ends with its exp', async () => {
    const { publisher, list, clock } = await createPress();
    await publisher.publish([list]);
    clock.advance(299);
    expect(publisher.find('list-1')).toMatchObject({ expiresAt: clock.now() + 1 });
    clock.advance(1);
    expect(publisher.find('list-1')).toBe('expired');
  });

  test('of which nothing lives is forgotten', async () => {
    const { publisher, list } = await createPress();
    await publisher.publish([list]);
    expect(publisher.ids()).toEqual(['list-1']);
    await publisher.publish([]);
    expect(publisher.ids()).toEqual([]);
    expect(publisher.find('list-1')).toBeUndefined();
  });
});

describe('the settings', () => {
  test.each([
    [{ ttl: '60s', lifetime: '119s' }, ['lifetime']],
    [{ size: 1000 }, ['size']],
    [{ size: 65_537 }, ['size']],
  ])('%o are refused at %o', (settings, path) => {
    const { error } = statusListsConfig.safeParse(settings);
    expect(error?.issues.map((issue) => issue.path)).toContainEqual(path);
  });
});
