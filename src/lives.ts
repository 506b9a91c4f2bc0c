import type { HeldSockets, Host } from './http/host.ts';

/** The rooms of a node and the host before them, from their opening to their end. */
export interface Life {
  readonly host: Pick<Host, 'listen'>;
  /** Gives the sockets to the life that follows, once nobody is under way in this one. */
  hold(): Promise<HeldSockets>;
  /** The number of the newest revocation that it knows. */
  revocations(): number;
  close(): Promise<void>;
}

/** Opens a life, in whose log of revocations numbers go on beyond this one. */
type OpenLife = (beyond: number | undefined) => Promise<Life>;

/** The lives of one node. There is one to a node, but where tests bring back what was. */
export interface Lives {
  /** Opens the first. */
  begin(open: OpenLife): Promise<Life>;
  /**
   * Ends the life that is, does the work, and opens the next on the same sockets, where requests wait meanwhile. What
   * fails between two lives ends the process: nobody would be left to answer.
   */
  follow(work: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** None has begun. */
export function createLives(): Lives {
  let openNext: OpenLife | undefined;
  let life: Life | undefined;
  let following: Promise<void> = Promise.resolve();

  async function exchange(work: () => Promise<void>): Promise<void> {
    if (life === undefined || openNext === undefined) throw new TypeError('no life to follow');
    const ending = life;
    const held = await ending.hold();
    life = undefined;
    const beyond = ending.revocations();
    await ending.close();
    await work();
    const next = await openNext(beyond);
    life = next;
    await next.host.listen(held);
  }

  return {
    async begin(open) {
      openNext = open;
      life = await open(undefined);
      return life;
    },
    follow(work) {
      following = exchange(work);
      following.catch((error: unknown) =>
        setImmediate(() => {
          throw error;
        }),
      );
      return following;
    },
    async close() {
      await following.catch(() => undefined);
      await life?.close();
    },
  };
}
