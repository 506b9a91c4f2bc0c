import { z } from 'zod';
import type { Clock } from '../runtime/clock.ts';
import { sha256 } from '../runtime/digest.ts';
import type { Json, JsonObject } from '../runtime/json.ts';
import type { State } from '../storage/state.ts';
import type { Flow, Flows, Purpose } from './flows.ts';

const ENDED = { kind: 'EndedFlow' } as const;

const proof = z.strictObject({
  method: z.enum([
    'password',
    'passkey',
    'passkey-verified',
    'totp',
    'recovery-code',
    'email-code',
    'sms-code',
  ]),
  accountId: z.string(),
  at: z.number(),
});
const record = z.strictObject({
  kind: z.literal('Flow'),
  purpose: z.enum(['sign-in', 'passkey', 'register', 'recover', 'account']),
  proofs: z.array(proof),
  data: z.custom<JsonObject>((value) => typeof value === 'object' && value !== null),
  expiresAt: z.number(),
});

/** Flows under keys of `namespace`. */
export function createFlows(options: {
  readonly state: Pick<State, 'get' | 'swap'>;
  readonly clock: Clock;
  readonly namespace: string;
}): Flows {
  const { state, clock, namespace } = options;
  // By its hash: whoever reads the store must not learn the ids of interactions under way.
  const keyOf = (purpose: Purpose, id: string): string =>
    `${namespace}:flow:${purpose}:${sha256(id)}`;

  async function write(flow: Flow, value: Json, once = true): Promise<string | undefined> {
    const ttlSeconds = flow.expiresAt - clock.now();
    if (ttlSeconds <= 0) return undefined;
    const { purpose, id, version } = flow;
    return await state.swap(keyOf(purpose, id), version, value, { ttlSeconds, once });
  }

  return {
    async find(purpose, id) {
      const entry = await state.get(keyOf(purpose, id));
      const read = record.safeParse(entry?.value);
      if (entry === undefined || !read.success || read.data.purpose !== purpose) return undefined;
      const { proofs, data, expiresAt } = read.data;
      if (expiresAt <= clock.now()) return undefined;
      return { purpose, id, proofs, data, expiresAt, version: entry.version };
    },
    begin: ({ purpose, id, ttlSeconds, data = {} }) => ({
      purpose,
      id,
      proofs: [],
      data,
      expiresAt: clock.now() + ttlSeconds,
      version: undefined,
    }),
    async change(flow, { proofs = flow.proofs, data = flow.data }) {
      const { purpose, expiresAt } = flow;
      const value = {
        kind: 'Flow',
        purpose,
        proofs: proofs.map((one) => ({ ...one })),
        data,
        expiresAt,
      };
      const version = await write(flow, value);
      return version === undefined ? undefined : { ...flow, proofs, data, version };
    },
    async end(flow) {
      return (await write(flow, ENDED, false)) !== undefined;
    },
  };
}
