import type { z } from 'zod';
import type { Flow, Flows } from '../flows/flows.ts';
import { randomId } from '../runtime/random.ts';
import type { JsonObject } from '../runtime/json.ts';
import type { Visit } from './visit.ts';

/** A change in several steps, within one session of one person. */
export interface OwnFlow<Data> {
  readonly flow: Flow;
  readonly data: Data;
}

/** Changes of one kind that take several steps. */
export interface OwnFlows<Data extends JsonObject> {
  newId(): string;
  /** The living change of this very session. */
  find(visit: Visit, id: string): Promise<OwnFlow<Data> | undefined>;
  /** Begins it, or puts something else in the place of what it held. False: another request was faster. */
  keep(visit: Visit, id: string, data: Data): Promise<boolean>;
  /** True for one caller alone: only that one may write what the change leads to. */
  end(flow: OwnFlow<Data>): Promise<boolean>;
}

/** Longer than it takes to find a phone. */
const LIFE_SECONDS = 900;

/** `kind`: of no other change, so that a step of one is never taken for one of another. */
export function createOwnFlows<Data extends JsonObject>(
  flows: Flows,
  kind: string,
  schema: z.ZodType<Data>,
): OwnFlows<Data> {
  async function find(visit: Visit, id: string): Promise<OwnFlow<Data> | undefined> {
    const flow = await flows.find('account', id);
    if (flow === undefined || flow.data['kind'] !== kind) return undefined;
    if (flow.data['session'] !== visit.session.uid) return undefined;
    const read = schema.safeParse(flow.data['data']);
    return read.success ? { flow, data: read.data } : undefined;
  }

  return {
    newId: () => randomId(),
    find,
    async keep(visit, id, data) {
      const begun = flows.begin({ purpose: 'account', id, ttlSeconds: LIFE_SECONDS });
      const flow = (await find(visit, id))?.flow ?? begun;
      const held = { kind, session: visit.session.uid, data };
      return (await flows.change(flow, { data: held })) !== undefined;
    },
    end: ({ flow }) => flows.end(flow),
  };
}
