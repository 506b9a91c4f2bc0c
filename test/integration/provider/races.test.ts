import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rounds } from '../../support/counts.ts';
import { createRelyingParty, type RelyingParty } from '../../support/provider-client.ts';
import { openHouse, type House } from '../../support/provider-house.ts';

const PARALLEL = 64;

interface Answer {
  readonly status: number;
  readonly error?: string;
  readonly refresh_token?: string;
  readonly access_token?: string;
}

async function answersOf(requests: readonly Promise<Response>[]): Promise<Answer[]> {
  return Promise.all(
    requests.map(async (request) => {
      const response = await request;
      return { ...((await response.json()) as object), status: response.status };
    }),
  );
}

function succeeded(answers: readonly Answer[]): Answer[] {
  return answers.filter(({ status }) => status === 200);
}

let house: House;
let app: RelyingParty;

async function open(tokens: object): Promise<void> {
  house = await openHouse({ nodes: 2, tokens });
  app = await createRelyingParty(house);
}

/** Alternates between the nodes. */
function spread<Result>(count: number, send: (at: string) => Promise<Result>): Promise<Result>[] {
  return Array.from({ length: count }, (_, index) =>
    send(house.nodes[index % house.nodes.length]?.url ?? ''),
  );
}

async function refreshed(refreshToken: string, at?: string): Promise<Answer> {
  const [answer] = await answersOf([app.refresh(refreshToken, at)]);
  return answer ?? { status: 0 };
}

async function isActive(token: string, at?: string): Promise<boolean> {
  const response = await app.post('/introspect', { token }, at);
  return ((await response.json()) as { active: boolean }).active;
}

describe('an authorization code on two nodes', () => {
  beforeAll(() => open({}));
  afterAll(() => house.close());

  test('redeemed at once by 64 pays once, and what it paid stays alive', async () => {
    for (let round = 0; round < rounds(3, 30); round += 1) {
      const authorized = await app.authorize(house.browser());
      house.gather(PARALLEL);
      const answers = await answersOf(spread(PARALLEL, (at) => app.redeem(authorized, at)));
      const [winner, ...others] = succeeded(answers);
      expect(others).toEqual([]);
      expect(new Set(answers.map(({ error }) => error))).toEqual(
        new Set([undefined, 'invalid_grant']),
      );
      expect(await isActive(winner?.access_token ?? '')).toBe(true);
      expect(await refreshed(winner?.refresh_token ?? '')).toMatchObject({ status: 200 });
    }
  });

  test.each([0, 1])(
    'redeemed again afterwards on node %i kills what the first got',
    async (node) => {
      const authorized = await app.authorize(house.browser());
      const [first] = await answersOf([app.redeem(authorized)]);
      expect(first?.status).toBe(200);
      const [second] = await answersOf([app.redeem(authorized, house.nodes[node]?.url)]);
      expect(second).toMatchObject({ status: 400, error: 'invalid_grant' });
      expect(await isActive(first?.access_token ?? '')).toBe(false);
      expect(await refreshed(first?.refresh_token ?? '')).toMatchObject({ error: 'invalid_grant' });
      expect(house.audited).toContainEqual(expect.objectContaining({ type: 'token.reused' }));
    },
  );

  test('replayed by somebody who cannot prove to be its client leaves it alone', async () => {
    const authorized = await app.authorize(house.browser());
    const [first] = await answersOf([app.redeem(authorized)]);
    const thief = await createRelyingParty(house);
    expect((await thief.redeem(authorized)).status).toBe(400);
    const withoutVerifier = { ...authorized, verifier: 'a'.repeat(43) };
    expect((await app.redeem(withoutVerifier)).status).toBe(400);
    expect(await isActive(first?.access_token ?? '')).toBe(true);
  });
});

describe('a refresh token that may be repeated for a minute, on two nodes', () => {
  beforeAll(() => open({ refreshRetryWindow: '60s' }));
  afterAll(() => house.close());

  test('used at once by 64: one live successor remains and the chain goes on', async () => {
    for (let round = 0; round < rounds(2, 20); round += 1) {
      const { refresh_token: used = '' } = await app.signIn(house.browser());
      house.gather(PARALLEL);
      const answers = await answersOf(spread(PARALLEL, (at) => app.refresh(used, at)));
      const paid = succeeded(answers).map(({ refresh_token: token = '' }) => token);
      expect(paid.length).toBeGreaterThan(0);
      const live: string[] = [];
      for (const token of paid) if (await isActive(token)) live.push(token);
      expect(live).toHaveLength(1);
      // The superseded ones are worth nothing, and no sign of theft either.
      for (const token of paid.filter((one) => one !== live[0]).slice(0, 4))
        expect(await refreshed(token)).toMatchObject({ error: 'invalid_grant' });
      expect(await refreshed(live[0] ?? '')).toMatchObject({ status: 200 });
    }
  });

  test('the client repeats a refresh whose answer it lost; the later answer is the good one', async () => {
    const { refresh_token: first = '' } = await app.signIn(house.browser());
    const lost = await refreshed(first);
    const repeated = await refreshed(first, house.nodes[1]?.url);
    expect(repeated).toMatchObject({ status: 200 });
    expect(await refreshed(lost.refresh_token ?? '')).toMatchObject({ error: 'invalid_grant' });
    const next = await refreshed(repeated.refresh_token ?? '');
    expect(next).toMatchObject({ status: 200 });
    expect(await refreshed(lost.refresh_token ?? '')).toMatchObject({ error: 'invalid_grant' });
    expect(await refreshed(next.refresh_token ?? '')).toMatchObject({ status: 200 });
  });

  test('once the successor was used, the older token ends the chain and its access tokens', async () => {
    const { refresh_token: first = '', access_token: access } = await app.signIn(house.browser());
    const second = await refreshed(first);
    const third = await refreshed(second.refresh_token ?? '');
    expect(third.status).toBe(200);
    expect(await refreshed(first, house.nodes[1]?.url)).toMatchObject({ error: 'invalid_grant' });
    expect(await refreshed(third.refresh_token ?? '')).toMatchObject({ error: 'invalid_grant' });
    expect(await isActive(access)).toBe(false);
    expect(await isActive(third.access_token ?? '', house.nodes[1]?.url)).toBe(false);
  });

  test('another client that holds the token cannot use it', async () => {
    const { refresh_token: token = '' } = await app.signIn(house.browser());
    const thief = await createRelyingParty(house);
    expect((await thief.refresh(token)).status).toBe(400);
    expect(await refreshed(token)).toMatchObject({ status: 200 });
  });
});

describe('a refresh token after its window', () => {
  beforeAll(() => open({ refreshRetryWindow: '1s' }));
  afterAll(() => house.close());

  test('ends the chain', async () => {
    const { refresh_token: first = '' } = await app.signIn(house.browser());
    const second = await refreshed(first);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(await refreshed(first)).toMatchObject({ error: 'invalid_grant' });
    expect(await refreshed(second.refresh_token ?? '')).toMatchObject({ error: 'invalid_grant' });
  });
});

describe('a refresh token that may not be repeated, on two nodes', () => {
  beforeAll(() => open({ refreshRetryWindow: '0s' }));
  afterAll(() => house.close());

  test('used at once by 64 pays exactly once, and the chain goes on', async () => {
    for (let round = 0; round < rounds(3, 30); round += 1) {
      const { refresh_token: used = '' } = await app.signIn(house.browser());
      house.gather(PARALLEL);
      const answers = await answersOf(spread(PARALLEL, (at) => app.refresh(used, at)));
      const [winner, ...others] = succeeded(answers);
      expect(others).toEqual([]);
      expect(winner?.status).toBe(200);
      expect(await refreshed(winner?.refresh_token ?? '')).toMatchObject({ status: 200 });
    }
  });

  test.each([0, 1])('used again afterwards on node %i ends the chain', async (node) => {
    const { refresh_token: first = '' } = await app.signIn(house.browser());
    const second = await refreshed(first);
    expect(second.status).toBe(200);
    expect(await refreshed(first, house.nodes[node]?.url)).toMatchObject({
      error: 'invalid_grant',
    });
    expect(await refreshed(second.refresh_token ?? '')).toMatchObject({ error: 'invalid_grant' });
  });
});
