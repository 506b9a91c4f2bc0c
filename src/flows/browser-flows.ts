import type { Context } from 'koa';
import { z } from 'zod';
import { randomId } from '../runtime/random.ts';
import type { JsonObject } from '../runtime/json.ts';
import type { BrowserKeys } from './browser-key.ts';
import type { Flow, Flows, Purpose } from './flows.ts';
import type { Proof } from './proofs.ts';

/** A flow of one browser, with what its steps keep. */
export interface BrowserFlow<Data> {
  readonly flow: Flow;
  readonly data: Data;
}

/** Flows that no other browser can go on with, however it came by their address. */
export interface BrowserFlows<Data extends JsonObject> {
  /** Undefined: it could not be kept. */
  begin(
    ctx: Context,
    start: { readonly proofs: readonly Proof[]; readonly data: Data },
  ): Promise<string | undefined>;
  /** The living flow, if it is this browser's. */
  find(ctx: Context, id: string): Promise<BrowserFlow<Data> | undefined>;
  /** Undefined: another request changed or ended it meanwhile; nothing was written. */
  change(
    found: BrowserFlow<Data>,
    change: { readonly proofs?: readonly Proof[]; readonly data?: Data },
  ): Promise<BrowserFlow<Data> | undefined>;
  /** True for one caller alone. */
  end(found: BrowserFlow<Data>): Promise<boolean>;
}

/** Flows of one purpose that live `ttlSeconds`, tied to browsers by their keys. */
export function createBrowserFlows<Data extends JsonObject>(options: {
  readonly flows: Flows;
  readonly browserKeys: BrowserKeys;
  readonly purpose: Purpose;
  readonly ttlSeconds: number;
  readonly schema: z.ZodType<Data>;
}): BrowserFlows<Data> {
  const { flows, browserKeys, purpose, ttlSeconds } = options;
  const held = z.object({ browser: z.string(), data: options.schema });

  return {
    async begin(ctx, { proofs, data }) {
      const id = randomId();
      const flow = flows.begin({ purpose, id, ttlSeconds });
      const kept = { browser: browserKeys.ensure(ctx), data };
      return (await flows.change(flow, { proofs, data: kept })) && id;
    },
    async find(ctx, id) {
      const flow = await flows.find(purpose, id);
      const read = held.safeParse(flow?.data);
      if (flow === undefined || !read.success) return undefined;
      return browserKeys.owns(ctx, read.data.browser) ? { flow, data: read.data.data } : undefined;
    },
    async change({ flow, data: before }, { proofs = flow.proofs, data = before }) {
      const changed = await flows.change(flow, { proofs, data: { ...flow.data, data } });
      return changed && { flow: changed, data };
    },
    end: ({ flow }) => flows.end(flow),
  };
}
