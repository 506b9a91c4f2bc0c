import { decodeJwt, decodeProtectedHeader } from 'jose';
import * as client from 'openid-client';
import { expect, test } from 'vitest';
import type { Tokens } from '../../support/relying-parties/openid-client.ts';
import { ALICE, asks, BOB, CAROL, headingOf } from '../../support/relying-parties/user-agent.ts';
import { API, STRICT_API, type House } from './house.ts';
import { timeUntil } from '../../support/time-until.ts';

/** Of the ID token. */
const kidOf = ({ id_token: idToken = '' }: Tokens): string | undefined =>
  decodeProtectedHeader(idToken).kid;

/** What one node knows, the other knows. */
export function testSharing(house: () => House): void {
  test('started at once on nothing, publish one key set', async () => {
    const keySet = await house().keySetAt(0);
    expect(keySet.keys.map(({ use, alg }) => `${use} ${alg}`).toSorted()).toEqual([
      'enc ECDH-ES',
      'enc RSA-OAEP-256',
      'sig ES256',
      'sig RS256',
    ]);
    expect(await house().keySetAt(1)).toEqual(keySet);
  });

  test('answer for no other host', async () => {
    const [, second] = house().nodes;
    expect(
      (await fetch(`http://127.0.0.1:${second?.port}/.well-known/openid-configuration`)).status,
    ).toBe(421);
  });

  test('share a sign-in: every other request of it goes to the other node', async () => {
    const answer = await house().at(0).authorize(house().agent());
    const tokens = await house().at(1).redeem(answer);
    await expect(
      client.fetchUserInfo(
        house().at(0).configuration,
        tokens.access_token,
        tokens.claims()?.sub ?? '',
      ),
    ).resolves.toHaveProperty('email', 'alice@example.com');
  });

  test('share a session, and its end', async () => {
    const agent = house().agent();
    await house().at(0).signIn(agent);
    await agent.submit(await agent.open('/logout'));
    for (const node of [0, 1]) {
      const { url } = await house().at(node).request();
      expect(asks(await agent.open(url), 'password')).toBe(true);
    }
  });

  test('see within a second what the other took back', async () => {
    for (const node of [0, 1]) {
      const { access_token: token } = await house().at(node).signIn(house().agent());
      expect(await house().isActiveAt(node + 1, token)).toBe(true);
      await client.tokenRevocation(house().at(node).configuration, token);
      const isOver = async (): Promise<boolean> => !(await house().isActiveAt(node + 1, token));
      expect(await timeUntil(isOver)).toBeLessThan(1000);
    }
  });

  test('end a sign-in that waits for consent when everything of the person is taken back', async () => {
    const { access_token: token } = await house().at(0).signIn(house().agent());
    const agent = house().agent();
    const { url } = await house().at(0).request({ prompt: 'consent' });
    const consent = await agent.submit(await agent.open(url), { ...ALICE });
    expect(headingOf(consent)).toBe('Allow access?');
    await house().command('revoke person alice');
    // Each of them hears of it in its own time.
    for (const node of [0, 1]) await expect.poll(() => house().isActiveAt(node, token)).toBe(false);
    await expect.poll(async () => asks(await agent.open(consent.url.href), 'password')).toBe(true);
    expect(asks(await agent.submit(consent), 'password')).toBe(true);
  });

  test('take up a key that the command line put in their ring, and know the old one still', async () => {
    const before = await house().at(0).signIn(house().agent());
    const oldKid = kidOf(before);
    await house().command('keys rotate --algorithm RS256 --now --immediately');
    for (const index of [0, 1]) {
      await expect
        .poll(async () => kidOf(await house().at(index).signIn(house().agent())))
        .not.toBe(oldKid);
      expect((await house().keySetAt(index)).keys.map(({ kid }) => kid)).toContain(oldKid);
    }
    expect(await house().keySetAt(1)).toEqual(await house().keySetAt(0));
  });

  test('ask for what a role lets somebody give by now, and for nothing before', async () => {
    const request = { resource: STRICT_API, scope: 'openid read' };
    const agent = house().agent();
    const scopeAt = async (node: number): Promise<unknown> =>
      decodeJwt((await house().at(node).signIn(agent, request, CAROL)).access_token)['scope'];
    expect(await scopeAt(0)).toBe('openid');
    await house().command('group add engineering --person carol@example.com');
    const { url } = await house().at(1).request(request);
    expect(headingOf(await agent.open(url))).toBe('Allow access?');
    for (const node of [1, 0]) expect(await scopeAt(node)).toBe('openid read');
  });

  test('tell what somebody is and may do, and from the next refresh on what they are no more', async () => {
    await house().command('group add engineering --person bob@example.com');
    const request = { resource: API, scope: 'openid offline_access read' };
    const tokens = await house().at(0).signIn(house().agent(), request, BOB);
    expect(tokens.claims()).toMatchObject({ groups: ['engineering', 'staff'] });
    expect(decodeJwt(tokens.access_token)).toMatchObject({ permissions: ['read'] });
    await house().command('group remove engineering --person bob@example.com');
    const next = await house().refreshAt(1, tokens.refresh_token ?? '');
    expect(next.claims()).not.toHaveProperty('groups');
    expect(decodeJwt(next.access_token)).toMatchObject({ aud: [API, expect.anything()] });
    expect(decodeJwt(next.access_token)).not.toHaveProperty('permissions');
  });
}
