import { Router } from '@koa/router';
import { z } from 'zod';
import type { House } from '../capability.ts';
import { duration } from '../config/values.ts';
import { type Minting, MintingRefused } from '../provider/minting-order.ts';
import type { JsonObject } from '../runtime/json.ts';
import { BadOrder, createOrderGuard, readOrder } from './order.ts';
import { FLAWS, spoilToken } from './spoil-token.ts';

const PATH = '/dev/tokens';
/** What says whose a token is and how it is taken back cannot be made up. */
const OURS = 'iss sub aud exp iat nbf jti client_id scope gid sid rev status cnf act from'.split(
  ' ',
);

const text = z.string().min(1).max(255);
const wish = z.strictObject({
  client: text,
  person: text.optional(),
  api: text.optional(),
  scopes: z.array(text).max(100).optional(),
  claims: z
    .record(z.string(), z.json())
    .refine((claims) => OURS.every((name) => !Object.hasOwn(claims, name)), {
      error: `cannot be one of ${OURS.join(' ')}`,
    })
    .default({}),
  expiresIn: duration('0s'),
  flaw: z.enum(FLAWS).optional(),
});

/** `POST /dev/tokens`: an access token for tests of an API, good and revocable, or with one flaw. */
export function createTokensDoor(
  house: Pick<House, 'profile' | 'accounts' | 'signingKeys' | 'clock'> & {
    readonly minting: Minting;
  },
): Router {
  const { profile, accounts, minting, signingKeys, clock } = house;
  const router = new Router();
  router.use(createOrderGuard(profile.issuer));

  async function accountOf(person: string | undefined): Promise<string | undefined> {
    if (person === undefined) return undefined;
    const account = (await accounts.findByLogin(person)) ?? (await accounts.find(person));
    if (account === undefined) throw new BadOrder(`Nobody is known as ${person}.`);
    return account.id;
  }

  router.post(PATH, async (ctx) => {
    const { client, person, api, scopes, claims, expiresIn, flaw } = await readOrder(ctx, wish);
    const accountId = await accountOf(person);
    const order = {
      clientId: client,
      accountId,
      api,
      scopes,
      claims: claims as JsonObject,
      expiresInSeconds: expiresIn === 0 ? undefined : expiresIn,
    };
    const minted = await minting.mint(ctx.req, order).catch((cause: unknown) => {
      throw cause instanceof MintingRefused ? new BadOrder(cause.message, { cause }) : cause;
    });
    const { keys } = signingKeys.current();
    const value = flaw
      ? await spoilToken(minted.value, { flaw, keys, now: clock.now() })
      : minted.value;
    ctx.set('Cache-Control', 'no-store');
    ctx.body = {
      access_token: value,
      token_type: 'Bearer',
      expires_in: minted.expiresIn,
      scope: minted.scope,
    };
  });
  return router;
}
