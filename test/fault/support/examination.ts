import { setTimeout as delay } from 'node:timers/promises';
import { decodeProtectedHeader } from 'jose';
import type { TokenVerifier } from './token-verifiers.ts';

const FAILURES_TOLD = 10;
/** So long before its end that a slow machine is not too late. */
const BEFORE_END_SECONDS = 1.5;

/** All tokens of a test before all its verifiers: each at once, and again towards the end of its life. */
export interface Examination {
  /** Takes a token that was just issued. */
  take(token: string): void;
  /** Resolves once every token that was taken has been checked to its end. */
  finish(): Promise<Findings>;
}

/** What became of the tokens of a test. */
export interface Findings {
  readonly tokens: number;
  readonly checks: number;
  readonly failures: number;
  /** Some of them: who, when, why, which key. */
  readonly examples: readonly string[];
  /** Of how many keys there were tokens, by algorithm. */
  readonly keys: Readonly<Record<string, number>>;
}

/** An examination that begins at once. */
export function createExamination(
  verifiers: readonly TokenVerifier[],
  { lifeSeconds }: { readonly lifeSeconds: number },
): Examination {
  const examples = new Set<string>();
  const kids = new Map<string, Set<string>>();
  const underWay = new Set<Promise<void>>();
  const counts = { tokens: 0, checks: 0, failures: 0 };

  async function check(token: string, when: string): Promise<void> {
    const { alg, kid } = decodeProtectedHeader(token);
    await Promise.all(
      verifiers.map(async ({ name, refusalOf }) => {
        const refusal = await refusalOf(token);
        counts.checks += 1;
        if (refusal === undefined) return;
        counts.failures += 1;
        if (examples.size < FAILURES_TOLD)
          examples.add(`${name} ${when}: ${refusal} ${alg} ${kid}`);
      }),
    );
  }

  async function examine(token: string): Promise<void> {
    await check(token, 'at once');
    await delay((lifeSeconds - BEFORE_END_SECONDS) * 1000);
    await check(token, 'towards its end');
  }

  return {
    take(token) {
      counts.tokens += 1;
      const { alg = '', kid = '' } = decodeProtectedHeader(token);
      kids.set(alg, (kids.get(alg) ?? new Set()).add(kid));
      const examining = examine(token).finally(() => underWay.delete(examining));
      underWay.add(examining);
    },
    async finish() {
      await Promise.all(underWay);
      const keys = Object.fromEntries([...kids].map(([name, { size }]) => [name, size]));
      return { ...counts, examples: [...examples], keys };
    },
  };
}
