import { z } from 'zod';
import { sha256 } from '../../runtime/digest.ts';
import type { JsonObject } from '../../runtime/json.ts';
import type { State } from '../../storage/state.ts';

/** What a document said when it was read last. */
export interface KeptDocument {
  readonly metadata: JsonObject;
  readonly firstReadAt: number;
  /** From then on it is read again. */
  readonly freshUntil: number;
}

/** Documents in state: all nodes have them, and they outlive a restart. */
export interface KeptDocuments {
  find(id: string): Promise<KeptDocument | undefined>;
  put(id: string, document: KeptDocument, ttlSeconds: number): Promise<void>;
  delete(id: string): Promise<void>;
}

const json = z.object({
  metadata: z.record(z.string(), z.json()),
  firstReadAt: z.number(),
  freshUntil: z.number(),
});

/** By the hash of the URL. */
export function createKeptDocuments({
  state,
}: {
  readonly state: Pick<State, 'get' | 'put' | 'delete'>;
}): KeptDocuments {
  const keyOf = (id: string): string => `client-documents:${sha256(id)}`;
  return {
    async find(id) {
      const entry = await state.get(keyOf(id));
      return entry && json.safeParse(entry.value).data;
    },
    async put(id, { metadata, firstReadAt, freshUntil }, ttlSeconds) {
      // Whoever reads at the same time has read at the same place: either may stay.
      await state.put(keyOf(id), { metadata, firstReadAt, freshUntil }, { ttlSeconds });
    },
    async delete(id) {
      await state.delete(keyOf(id));
    },
  };
}
