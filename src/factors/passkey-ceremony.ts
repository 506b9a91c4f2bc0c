import { z } from 'zod';
import type { JsonObject } from '../runtime/json.ts';
import type { Logger } from '../runtime/logger.ts';
import { onDemand } from '../runtime/on-demand.ts';

/** The library that makes and judges what passkeys sign. */
export const webauthn = onDemand(() => import('@simplewebauthn/server'));

/** COSE: EdDSA, ES256, RS256. Between them every passkey that is sold. */
export const ALGORITHMS = [-8, -7, -257] as const;

/** What a browser gives its user; a hint, since the caller's flow decides. */
export const TIMEOUT_MS = 300_000;

const json = z.record(z.string(), z.json());

/** `options` without what JSON does not carry. */
export function jsonOf(options: object): JsonObject {
  return json.parse(JSON.parse(JSON.stringify(options)));
}

/** The engine throws for whatever is wrong with an answer: undefined, and its reason for whoever looks for one. */
export async function refusedOrDone<Done>(
  logger: Logger,
  verify: () => Promise<Done>,
): Promise<Done | undefined> {
  try {
    return await verify();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    logger.debug({ event: 'passkey.refused', reason }, 'refused the answer of a passkey');
    return undefined;
  }
}
