import type { Context } from 'koa';
import type { FormTokens } from '../../http/form-tokens.ts';
import { readForm } from '../../http/form.ts';
import { seeOther } from '../../http/page.ts';
import {
  InteractionExpired,
  type Interaction,
  type Interactions,
} from '../../provider/contract.ts';
import type { ClientOfPool } from '../pools.ts';
import type { Room } from '../room.ts';
import { secretHashOf } from '../secret-hash.ts';
import type { Arrivals } from './arrivals.ts';
import type { Form } from './client-proof.ts';
import { pathOf, type PoolPath } from './paths.ts';

/** What pages of pools need beside what operations do. */
export interface HostedRoom extends Room {
  readonly interactions: Pick<Interactions, 'find'>;
  readonly arrivals: Arrivals;
  readonly tokens: FormTokens;
}

/** Somebody at a page of a pool, on the way to a client. */
export interface PoolVisit extends ClientOfPool {
  readonly ctx: Context;
  readonly interaction: Interaction;
  /** What they typed on the page before; unchecked text. */
  readonly login: string;
  /** Where they sign in, and go on to the client. */
  readonly signInUrl: string;
  /** The token for the next form. */
  readonly csrf: string;
  /** The page at `path`, about whoever is named so. */
  next(path: PoolPath, login: string, more?: Readonly<Record<string, string>>): string;
  /** What the JSON API is to know of the client, for a user who is named so. */
  of(login: string): {
    readonly ClientId: string;
    readonly Username: string;
    readonly SecretHash?: string;
  };
}

/** What a page shows, and what it does with its form. */
interface PoolPage {
  show(visit: PoolVisit): Promise<void>;
  take(visit: PoolVisit, form: Form): Promise<void>;
}

/**
 * Answers at `/interaction/:uid/...`, to the browser of that request alone. `cancel` leads back to the sign-in.
 *
 * @throws {InteractionExpired} from what it gives.
 */
export function visiting(room: HostedRoom, page: PoolPage): (ctx: Context) => Promise<void> {
  return async (ctx) => {
    const visit = await readVisit(ctx, room);
    if (ctx.method !== 'POST') {
      await page.show(visit);
      return;
    }
    const form = await readForm(ctx);
    room.tokens.check(tokenOf(visit.interaction), form.get('csrf'));
    if (form.get('action') === 'cancel') seeOther(ctx, visit.signInUrl);
    else await page.take(visit, form);
  };
}

async function readVisit(
  ctx: Context,
  { interactions, pools, tokens }: HostedRoom,
): Promise<PoolVisit> {
  const interaction = await interactions.find(ctx, String(ctx['params'].uid));
  const found = await pools.findClient(interaction.client.id);
  if (found === undefined) throw new InteractionExpired('its client is gone');
  const { client } = found;
  const login = ctx.query['login_hint'];
  return {
    ...found,
    ctx,
    interaction,
    login: typeof login === 'string' ? login : '',
    signInUrl: `/interaction/${interaction.uid}/sign-in`,
    csrf: tokens.issue(tokenOf(interaction)),
    next: (path, named, more) => pathOf(path, interaction, { login_hint: named, ...more }),
    of: (named) => ({
      ClientId: client.id,
      Username: named,
      ...(client.secret !== undefined && {
        SecretHash: secretHashOf(client.secret, named, client.id),
      }),
    }),
  };
}

function tokenOf({ uid }: Pick<Interaction, 'uid'>): string {
  return `pool:${uid}`;
}
