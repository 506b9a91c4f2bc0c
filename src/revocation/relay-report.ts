import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { CURSOR_EPOCH } from './feed-payload.ts';

/** More would not be told anyway. */
const FOLLOWERS_MAX = 200;
const BYTES_MAX = 65_536;

/** What followers may call themselves in `Latchkey-Follower`. */
export const FOLLOWER_NAME = /^[\w.:@-]{1,64}$/;

const report = z.strictObject({
  followers: z
    .array(
      z.strictObject({
        name: z.string().regex(FOLLOWER_NAME),
        epoch: z.string().regex(CURSOR_EPOCH),
        number: z.int().min(0),
      }),
    )
    .max(FOLLOWERS_MAX),
});

/** How far those are who follow a relay, as it says. */
export type RelayReport = z.output<typeof report>['followers'];

/** Reads the body of `POST /revocations/followers`; undefined: it is no report. */
export async function readRelayReport(request: IncomingMessage): Promise<RelayReport | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  return report.safeParse(parsed(Buffer.concat(chunks).toString('utf8'))).data?.followers;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
