import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseMark } from '../../../src/revocation/mark.ts';
import type { Revoked, TokenHandles } from '../../../src/revocation/revocation.ts';
import { rounds } from '../../support/counts.ts';
import { details, issue, openEmbeddedSite, type Node, type Site } from './fixture.ts';

let site: Site;
let nodes: readonly Node[];

beforeAll(async () => {
  site = await openEmbeddedSite();
  nodes = await Promise.all([site.node(), site.node()]);
});
afterAll(() => site.close());

const few = fc.nat({ max: 2 });
const on = fc.nat({ max: 1 });
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ on, grant: few, account: few, client: few, session: few }) },
  {
    weight: 2,
    arbitrary: fc.record({
      on,
      kind: fc.constantFrom('token', 'grant', 'session', 'account', 'client', 'before'),
      which: few,
    }),
  },
);

/** What the kind says falls with it, in the plainest words there are. */
function falls(token: TokenHandles, what: Revoked): boolean {
  if (what.kind === 'token') return token.jti === what.jti;
  if (what.kind === 'grant') return token.grantId === what.grantId;
  if (what.kind === 'session') return token.sessionUid === what.sessionUid;
  if (what.kind === 'account') return token.accountId === what.accountId;
  if (what.kind === 'client') return token.clientId === what.clientId;
  return true;
}

function revokedBy(
  kind: Revoked['kind'],
  which: number,
  run: number,
  tokens: readonly TokenHandles[],
): Revoked {
  const name = `${run}-${which}`;
  switch (kind) {
    case 'token':
      return { kind, jti: tokens[which]?.jti ?? 'none', expiresAt: 4e9 };
    case 'grant':
      return { kind, grantId: name };
    case 'session':
      return { kind, sessionUid: name };
    case 'account':
      return { kind, accountId: name };
    case 'client':
      return { kind, clientId: name };
    case 'before':
      return { kind };
  }
}

test('two nodes answer as a list of all revocations would, whatever was issued and revoked', async () => {
  let run = 0;
  // Of all runs: what "before" takes back may reach the other node only in the next one.
  const revocations: { readonly what: Revoked; readonly number: number }[] = [];
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      run += 1;
      const tokens: (TokenHandles & { readonly issuedAt: number })[] = [];
      const made: { readonly what: Revoked; readonly at: number }[] = [];
      for (const [at, one] of steps.entries()) {
        const node = nodes[one.on];
        if (node === undefined) throw new TypeError('no node');
        if ('kind' in one) {
          const what = revokedBy(one.kind, one.which, run, tokens);
          const { number } = await node.revocation.revoke(what, details);
          revocations.push({ what, number });
          made.push({ what, at });
        } else {
          const handles = {
            grantId: `${run}-${one.grant}`,
            sessionUid: `${run}-${one.session}`,
            accountId: `${run}-${one.account}`,
            clientId: `${run}-${one.client}`,
          };
          tokens.push({ ...issue(node, handles), issuedAt: at });
        }
      }
      for (const token of tokens) {
        const mark = parseMark(token.mark)?.number ?? 0;
        const isOlder = revocations.some(({ what, number }) => falls(token, what) && mark < number);
        const mustFall = made.some(({ what, at }) => falls(token, what) && at > token.issuedAt);
        // The node that revoked knows at once; the other one hears within its bound.
        for (const node of nodes) {
          await expect.poll(() => node.revocation.isRevoked(token)).toBe(isOlder);
        }
        if (mustFall) expect(isOlder).toBe(true);
      }
    }),
    { numRuns: rounds(15, 300) },
  );
});
