import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { rounds } from '../../support/counts.ts';
import { details, openEmbeddedSite, type Node, type Site } from '../revocation/fixture.ts';
import { API, startIssuer, type TestIssuer } from './fixture.ts';

const PROGRAM = fileURLToPath(new URL('./verifying.program.ts', import.meta.url));

let site: Site;
let node: Node;
let issuer: TestIssuer;
let child: ChildProcessByStdio<Writable, Readable, null>;
let lines: Interface;

beforeAll(async () => {
  site = await openEmbeddedSite();
  node = await site.node();
  issuer = await startIssuer(node);
});
afterAll(async () => {
  await issuer.close();
  await site.close();
});
beforeEach(() => {
  const args = [PROGRAM, issuer.url, API];
  child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  lines = createInterface({ input: child.stdout });
});
afterEach(async () => {
  child.kill('SIGKILL');
  await once(child, 'exit');
});

async function verdict(token: string): Promise<string> {
  const answer = once(lines, 'line') as Promise<[string]>;
  child.stdin.write(`${token}\n`);
  return (await answer)[0];
}

describe('a verifier whose process was suspended', () => {
  test.each([
    ['less than the feed may be silent', 700],
    ['longer', 3000],
  ])('for %s does not accept what was revoked meanwhile', async (_, suspendedMs) => {
    for (let n = 0; n < rounds(2, 20); n += 1) {
      const token = await issuer.issue({ gid: `suspended-${suspendedMs}-${n}` });
      // It may have been silent since the last round, and then knows the present again.
      await expect.poll(() => verdict(token)).toBe('accepted');
      child.kill('SIGSTOP');
      await node.revocation.revoke(
        { kind: 'grant', grantId: `suspended-${suspendedMs}-${n}` },
        details,
      );
      await delay(suspendedMs);
      // The request waits when the process wakes, as the words of the feed do.
      const asked = verdict(token);
      child.kill('SIGCONT');
      expect(await asked).not.toBe('accepted');
      // Where the feed takes longer than a request may wait, it is not known at once.
      await expect.poll(() => verdict(token)).toBe('ERR_TOKEN_REVOKED');
    }
  });
});
