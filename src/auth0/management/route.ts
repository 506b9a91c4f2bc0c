import type { Call } from './call.ts';

/** One route of the Management API. */
export interface ManagementRoute {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Behind `/api/v2`. */
  readonly path: string;
  /** Any of them is enough. */
  readonly scopes: readonly string[];
  /** Of an answer with a body; left out: 200. */
  readonly status?: number;
  /** What it answers; undefined: 204. @throws {ManagementProblem} */
  run(call: Call): Promise<object | number | undefined>;
}
