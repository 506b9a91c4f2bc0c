import { setTimeout as delay } from 'node:timers/promises';
import { decodeProtectedHeader } from 'jose';
import type { TokenVerifier } from './token-verifiers.ts';

/** All tokens of a test before all its verifiers: each at once, and again at the end of its life. */
export interface Examination {
  /** Takes a token that was just issued. */
  take(token: string): void;
  readonly tokens: number;
  readonly checks: number;
  /** `who: why, which key`. */
  readonly failures: readonly string[];
  /** Keys by which tokens were signed, by algorithm. */
  readonly kids: ReadonlyMap<string, ReadonlySet<string>>;
  /** Resolves once every token that was taken has been checked to its end. */
  finish(): Promise<void>;
}

/** An examination that begins at once. */
export function createExamination(
  verifiers: readonly TokenVerifier[],
  { lifeSeconds }: { readonly lifeSeconds: number },
): Examination {
  const failures: string[] = [];
  const kids = new Map<string, Set<string>>();
  const underWay = new Set<Promise<void>>();
  let tokens = 0;
  let checks = 0;

  async function check(token: string, when: string): Promise<void> {
    const { alg, kid } = decodeProtectedHeader(token);
    await Promise.all(
      verifiers.map(async ({ name, refusalOf }) => {
        const refusal = await refusalOf(token);
        checks += 1;
        if (refusal !== undefined) failures.push(`${name} ${when}: ${refusal} (${alg} ${kid})`);
      }),
    );
  }

  async function examine(token: string): Promise<void> {
    await check(token, 'at once');
    await delay(lifeSeconds * 1000);
    await check(token, 'at its end');
  }

  return {
    take(token) {
      tokens += 1;
      const { alg = '', kid = '' } = decodeProtectedHeader(token);
      const known = kids.get(alg) ?? new Set();
      kids.set(alg, known.add(kid));
      const examining = examine(token).finally(() => underWay.delete(examining));
      underWay.add(examining);
    },
    get tokens() {
      return tokens;
    },
    get checks() {
      return checks;
    },
    failures,
    kids,
    async finish() {
      await Promise.all(underWay);
    },
  };
}
