import { errors, type Interaction, type Provider } from 'oidc-provider';
import type { Context } from 'koa';
import type { InteractionRecords } from './store/interaction-records.ts';

/** The interaction that the cookie of a request names; undefined: there is none. `uid`: that of the path. */
export type NamedInteraction = (ctx: Context, uid: string) => Promise<Interaction | undefined>;

/** As the engine finds it; one goes on without its session where that is over. */
export function createNamedInteraction({
  provider,
  records,
}: {
  readonly provider: () => Provider;
  readonly records: Pick<InteractionRecords, 'disown'>;
}): NamedInteraction {
  async function named({ req, res }: Context): Promise<Interaction | undefined> {
    try {
      return await provider().interactionDetails(req, res);
    } catch (error) {
      if (error instanceof errors.SessionNotFound) return undefined;
      throw error;
    }
  }

  /** Whether the session that the request came with is over. What was asked of that very session is over with it. */
  async function isOrphan(uid: string): Promise<boolean> {
    const { Interaction: Interactions, Session } = provider();
    const { session, prompt } = (await Interactions.find(uid)) ?? {};
    if (session?.uid === undefined || prompt?.name === 'consent') return false;
    return (await Session.findByUid(session.uid)) === undefined;
  }

  return async (ctx, uid) => {
    const found = await named(ctx);
    if (found !== undefined || !(await isOrphan(uid))) return found;
    // As by a new password: whoever set it signs in to go on.
    await records.disown(uid);
    return await named(ctx);
  };
}
