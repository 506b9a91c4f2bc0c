import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { actedBy, maySubject } from '../../../src/provider/exchange/exchange-rules.ts';
import { audienceFor, scopeFor } from '../../../src/provider/target-rules.ts';

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', '*');
const names = fc.array(name, { maxLength: 6 });
const policy = fc.record({
  subjects: names,
  audiences: names,
  impersonation: fc.boolean(),
  delegation: fc.boolean(),
});
const act = fc.option(
  fc.letrec<{ act: unknown }>((tie) => ({
    act: fc.record({ sub: name, act: tie('act') }, { requiredKeys: ['sub'] }),
  })).act,
  { nil: undefined },
);

describe('a token that is got in exchange', () => {
  test('never has a scope that the subject token, the client or the request does not', () => {
    fc.assert(
      fc.property(fc.option(names, { nil: undefined }), names, names, (asked, subject, offered) => {
        const scope = scopeFor({ asked, most: subject, offered });
        for (const one of scope ?? []) {
          expect(subject).toContain(one);
          expect(offered).toContain(one);
          if (asked !== undefined) expect(asked).toContain(one);
        }
        const isMore = asked?.some((one) => !subject.includes(one) || !offered.includes(one));
        expect(scope === undefined).toBe(isMore ?? false);
      }),
    );
  });

  test('is for an API of the policy, and for one alone', () => {
    fc.assert(
      fc.property(names, names, (allowed, asked) => {
        const audience = audienceFor(allowed, asked);
        if (audience === undefined) return;
        expect(allowed).toContain(audience);
        expect(asked.length === 0 ? allowed : asked).toStrictEqual([audience]);
      }),
    );
  });

  test('is made of the tokens of those clients that the policy lists', () => {
    fc.assert(
      fc.property(policy, name, (allowed, client) => {
        const isListed = allowed.subjects.includes(client) || allowed.subjects.includes('*');
        expect(maySubject(allowed, client)).toBe(isListed);
      }),
    );
  });

  test('hides who acts only with leave, and never who acted before', () => {
    fc.assert(
      fc.property(
        policy,
        name,
        fc.option(name, { nil: undefined }),
        act,
        (allowed, clientId, actor, earlier) => {
          const acted = actedBy({
            policy: allowed,
            clientId,
            actor,
            act: earlier,
            mayAct: undefined,
          });
          if (acted.kind === 'refused') return;
          const isHidden = JSON.stringify(acted.act) === JSON.stringify(earlier);
          if (isHidden) expect(allowed.impersonation && actor === undefined).toBe(true);
          else {
            expect(allowed.delegation).toBe(true);
            expect(acted.act).toStrictEqual({
              sub: actor ?? clientId,
              ...(earlier !== undefined && { act: earlier }),
            });
          }
        },
      ),
    );
  });

  test('is for nobody but whom the subject token names in may_act', () => {
    fc.assert(
      fc.property(policy, name, name, (allowed, clientId, named) => {
        const asked = { policy: allowed, clientId, actor: undefined, act: undefined };
        const { kind } = actedBy({ ...asked, mayAct: { sub: named } });
        if (named !== clientId) expect(kind).toBe('refused');
        expect(actedBy({ ...asked, mayAct: 'anyone' }).kind).toBe('refused');
      }),
    );
  });
});
