import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import { z } from 'zod';
import type { AcceptanceLedger } from './acceptance-ledger.ts';
import type { ApiPlan } from './api.program.ts';

const PROGRAM = fileURLToPath(new URL('api.program.ts', import.meta.url));
const ANSWER_WITHIN_MS = 5000;

/** An API that runs. */
export interface Api {
  readonly name: string;
  /** Shows a token; the answer goes into the ledger. 0: there was none. */
  present(token: string): Promise<number>;
  /** What its verifier says of itself. */
  status(): Promise<{ readonly feed: string; readonly number: number; readonly epoch?: string }>;
}

/** APIs in one process. */
export interface ApiProcess {
  readonly apis: readonly Api[];
  readonly pid: number;
  close(): Promise<void>;
}

const statusShape = z.object({
  feed: z.string(),
  number: z.number(),
  epoch: z.string().optional(),
});

/** Starts them, and waits until each follows the feed. */
export async function startApis(
  plans: readonly ApiPlan[],
  ledger: AcceptanceLedger,
): Promise<ApiProcess> {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(plans)], {
    // Its input ends with this process, and it with that.
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const agent = new Agent({
    headersTimeout: ANSWER_WITHIN_MS,
    bodyTimeout: ANSWER_WITHIN_MS,
  });
  const [line]: readonly unknown[] = await once(createInterface({ input: child.stdout }), 'line');
  const ports = z.array(z.number()).parse(JSON.parse(String(line)));
  const apis = plans.map((plan, index) =>
    createApi({ ...plan, agent, ledger, url: `http://127.0.0.1:${ports[index]}` }),
  );
  await Promise.all(apis.map((api) => untilFollowing(api)));
  return {
    apis,
    pid: child.pid ?? 0,
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      await agent.destroy();
    },
  };
}

/** Asks until the verifier follows the feed, up to `number` at least. */
export async function untilFollowing(api: Api, number = 0): Promise<void> {
  const limit = performance.now() + 20_000;
  for (;;) {
    const status = await api.status();
    if (status.feed === 'following' && status.number >= number) return;
    if (performance.now() > limit) throw new Error(`${api.name}: ${JSON.stringify(status)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function createApi(plan: {
  readonly framework: string;
  readonly url: string;
  readonly agent: Agent;
  readonly ledger: AcceptanceLedger;
}): Api {
  const { url, agent: dispatcher, ledger } = plan;
  const name = `${plan.framework} at ${url}`;

  async function ask(token: string): Promise<number> {
    const headers = { authorization: `Bearer ${token}` };
    try {
      const { statusCode, body } = await request(url, { dispatcher, headers });
      await body.dump();
      return statusCode;
    } catch {
      return 0; // It is suspended, or gone.
    }
  }

  return {
    name,
    async present(token) {
      const beganMs = performance.now();
      const status = await ask(token);
      ledger.present({ token, api: name, beganMs, endedMs: performance.now(), status });
      return status;
    },
    async status() {
      const { body } = await request(`${url}/status`, { dispatcher });
      return statusShape.parse(await body.json());
    },
  };
}
