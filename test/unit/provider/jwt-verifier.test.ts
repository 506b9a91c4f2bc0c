import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { createJwtVerifier } from '../../../src/provider/store/jwt-verifier.ts';
import type { KeySet } from '../../../src/signing-keys/signing-keys.ts';

const ISSUER = 'https://id.example.com';
const START = 1_800_000_000;

function openVerifier(): {
  readonly verify: ReturnType<typeof createJwtVerifier>;
  readonly sign: (claims?: object) => Promise<string>;
  readonly forge: (claims?: object) => Promise<string>;
  readonly moveTo: (seconds: number) => void;
  readonly dropKey: () => void;
} {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const key = {
    kid: 'key-1',
    algorithm: 'ES256',
    phase: 'signing',
    publicJwk: { ...publicKey.export({ format: 'jwk' }), kid: 'key-1' },
  };
  let keySet = { keys: [key], retired: [] } as unknown as KeySet;
  let now = START;
  const signWith =
    (secret: typeof privateKey) =>
    (claims: object = {}): Promise<string> =>
      new SignJWT({ client_id: 'app', rev: 'e.1', scope: 'openid', ...claims })
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'key-1' })
        .setIssuer(ISSUER)
        .setSubject('alice')
        .setAudience('https://api.example.com')
        .setJti('token-1')
        .setIssuedAt(START)
        .setExpirationTime(START + 900)
        .sign(secret);
  return {
    verify: createJwtVerifier({
      endpoints: { issuer: ISSUER },
      signingKeys: { current: () => keySet },
      clock: { now: () => now, nowMs: () => now * 1000, sleep: async () => undefined },
      contentKeys: { wrap: () => '', unwrap: () => undefined },
    }),
    sign: signWith(privateKey),
    forge: signWith(other),
    moveTo: (seconds) => {
      now = seconds;
    },
    dropKey: () => {
      keySet = { ...keySet, keys: [] };
    },
  };
}

describe('a JWT that was verified before', () => {
  test('is known again, with the same claims', async () => {
    const { verify, sign } = openVerifier();
    const jwt = await sign();
    const first = await verify(jwt);
    expect(first).toMatchObject({ sub: 'alice', clientId: 'app', jti: 'token-1' });
    expect(await verify(jwt)).toBe(first);
  });

  test('is refused from the second in which it expires', async () => {
    const { verify, sign, moveTo } = openVerifier();
    const jwt = await sign();
    moveTo(START + 899);
    expect(await verify(jwt)).toBeDefined();
    moveTo(START + 900);
    expect(await verify(jwt)).toBeUndefined();
  });

  test('is refused as soon as its key is none of ours', async () => {
    const { verify, sign, dropKey } = openVerifier();
    const jwt = await sign();
    expect(await verify(jwt)).toBeDefined();
    dropKey();
    expect(await verify(jwt)).toBeUndefined();
  });

  test('lends nothing to one that differs in its signature alone', async () => {
    const { verify, sign, forge } = openVerifier();
    expect(await verify(await sign())).toBeDefined();
    expect(await verify(await forge())).toBeUndefined();
    const [header, payload] = (await sign()).split('.');
    expect(await verify(`${header}.${payload}.${'A'.repeat(86)}`)).toBeUndefined();
  });
});

test('whoever takes a token back finds it before, in and after its time, seen before or not', async () => {
  for (const at of [START - 3600, START, START + 900, START + 86_400]) {
    const { verify, sign, forge, moveTo } = openVerifier();
    moveTo(at);
    expect(await verify(await sign(), { atAnyTime: true }), String(at)).toMatchObject({
      sub: 'alice',
    });
    expect(await verify(await forge(), { atAnyTime: true }), String(at)).toBeUndefined();
  }
});

test('many tokens push the oldest out, and each is still judged rightly', async () => {
  const { verify, sign } = openVerifier();
  const first = await sign();
  const known = await verify(first);
  for (let count = 0; count < 2001; count += 1) await verify(await sign({ count }));
  const again = await verify(first);
  expect(again).toEqual(known);
  expect(again).not.toBe(known);
});
