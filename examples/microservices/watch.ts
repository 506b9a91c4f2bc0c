import { setTimeout as delay } from 'node:timers/promises';
import type { Verifier } from '../../verifier/src/index.ts';

/** How often every box is asked while a revocation is under way, and when none is. */
const HASTY_MS = 5;
const CALM_MS = 500;
const HASTE_FOR_MS = 5000;

/** What one box says to the token of the page. */
export interface BoxState {
  readonly box: string;
  readonly status: number;
  /** From the issuer's answer to the revocation to the first refusal; 0: it was refused before that answer came. */
  readonly refusedAfterMs: number | undefined;
}

/** One page that is open, and the token behind it. */
export interface Watch {
  /** A revocation is about to be asked for. */
  hasten(): void;
  /** It has been answered. */
  revoked(): void;
  end(): void;
}

interface WatchOptions {
  readonly token: string;
  readonly urls: Readonly<Record<string, string>>;
  /** The app's own: it looks for itself before it uses a token. */
  readonly verifier: Verifier;
  readonly tell: (state: BoxState) => void;
}

/** Shows the token to every box, again and again, and tells whenever one has changed its answer. */
export function startWatch(options: WatchOptions): Watch {
  const { urls, tell } = options;
  const stop = new AbortController();
  const seen = new Map<string, { readonly status: number; readonly atMs: number }>();
  let wake = new AbortController();
  let hastyUntilMs = 0;
  let revokedMs: number | undefined;

  function report(box: string): void {
    const { status = 0, atMs = 0 } = seen.get(box) ?? {};
    const isTimed = status === 401 && revokedMs !== undefined;
    const refusedAfterMs = isTimed ? Math.max(0, Math.round(atMs - (revokedMs ?? 0))) : undefined;
    tell({ box, status, refusedAfterMs });
  }

  async function follow(box: string, present: () => Promise<number>): Promise<void> {
    while (!stop.signal.aborted) {
      const status = await present();
      if (status !== seen.get(box)?.status) {
        seen.set(box, { status, atMs: performance.now() });
        report(box);
      }
      const pauseMs = performance.now() < hastyUntilMs ? HASTY_MS : CALM_MS;
      await delay(pauseMs, undefined, { signal: wake.signal }).catch(() => undefined);
    }
  }

  // A page that is closed ends a request in its midst.
  for (const [box, present] of Object.entries(presenters(options, stop.signal)))
    follow(box, present).catch(() => undefined);

  return {
    hasten() {
      hastyUntilMs = performance.now() + HASTE_FOR_MS;
      wake.abort();
      wake = new AbortController();
    },
    revoked() {
      revokedMs = performance.now();
      // Some may have heard of it before the answer came.
      for (const box of ['app', ...Object.keys(urls)])
        if (seen.get(box)?.status === 401) report(box);
    },
    end() {
      stop.abort();
      wake.abort();
    },
  };
}

/** How each box is shown the token. */
function presenters(
  { token, urls, verifier }: WatchOptions,
  signal: AbortSignal,
): Readonly<Record<string, () => Promise<number>>> {
  const headers = { authorization: `Bearer ${token}` };
  const ask = async (url: string): Promise<number> => {
    const answer = await fetch(url, { headers, signal });
    await answer.arrayBuffer();
    return answer.status;
  };
  const asks = Object.entries(urls).map(([box, url]) => [box, () => ask(url)] as const);
  const look = (): Promise<number> =>
    verifier.verify(token).then(
      () => 200,
      () => 401,
    );
  return { app: look, ...Object.fromEntries(asks) };
}
