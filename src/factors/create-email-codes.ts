import { networkOf } from '../accounts/addresses.ts';
import { equalSecrets, sha256 } from '../runtime/digest.ts';
import type { Entry } from '../storage/state.ts';
import type { Verdict } from './counted-checks.ts';
import {
  codeOf,
  emailCodeRecord,
  newLinkSecret,
  readEmailCode,
  readLinkToken,
  USED,
  type EmailCodeRecord,
} from './email-code-record.ts';
import type { EmailCodes } from './email-codes.ts';
import type { FactorParts } from './factor-options.ts';
import { createKeyedDigests } from './keyed-digests.ts';
import { activeAccount } from './standing.ts';

const WINDOW_SECONDS = 900;

/** What a code is good for. */
interface Purpose {
  readonly flowId: string;
  readonly accountId: string;
}

interface Asked extends Purpose {
  readonly isOfNobody: boolean;
}

interface Kept {
  readonly entry: Entry;
  readonly record: EmailCodeRecord;
}

/** By which way codes come; those of one are good for nothing by the other. */
type Way = 'email' | 'sms';

/** Codes by e-mail, or by text message: one record a flow, in state. */
export function createEmailCodes(parts: FactorParts, way: Way): EmailCodes {
  const { state, accounts, checks } = parts;
  const { lifetime, tries, perPath } = parts.settings.emailCodes;
  const digests = createKeyedDigests(parts.sealer, way === 'sms' ? 'sms codes' : 'e-mail codes');

  return {
    async issue({ flowId, accountId, origin }) {
      const path = sha256(`${accountId} ${networkOf(origin.address)}`);
      const asked = await state.count(`factors:${way}-asked:${path}`, 1, WINDOW_SECONDS);
      if (asked > perPath) return { kind: 'throttled', retryAfterSeconds: WINDOW_SECONDS };
      const secret = newLinkSecret();
      const code = codeOf(secret);
      const flow = sha256(flowId);
      const record = {
        kind: 'EmailCode',
        code: digests.digest(bound({ flowId, accountId }, code)),
        link: sha256(secret),
      };
      await state.put(keyOf(flow), record, { ttlSeconds: lifetime, once: true });
      return { kind: 'issued', code, linkToken: `${flow}.${secret}`, lifetimeSeconds: lifetime };
    },

    check: ({ flowId, code, isOfNobody = false, ...attempt }) =>
      checks.guess(`${way}_code`, attempt, () =>
        evaluate({ flowId, accountId: attempt.accountId, isOfNobody }, code),
      ),

    isWaiting: async (flowId) => (await find(sha256(flowId))) !== undefined,

    async reveal(linkToken) {
      const link = readLinkToken(linkToken);
      const kept = link && (await find(link.flow));
      if (!link || !kept || !equalSecrets(kept.record.link, sha256(link.secret))) return undefined;
      return { code: codeOf(link.secret) };
    },
  };

  function keyOf(flow: string): string {
    return `factors:${way}-code:${flow}`;
  }

  async function find(flow: string): Promise<Kept | undefined> {
    const entry = await state.get(keyOf(flow));
    const read = emailCodeRecord.safeParse(entry?.value);
    return entry && read.success ? { entry, record: read.data } : undefined;
  }

  async function evaluate(purpose: Asked, typed: string): Promise<Verdict> {
    const flow = sha256(purpose.flowId);
    const kept = await find(flow);
    if (kept === undefined) return { isRight: false, reason: 'credentials' };
    // By the link, which no other code shares: a new code is given new tries.
    const tried = await state.count(`factors:${way}-tries:${kept.record.link}`, 1, lifetime);
    if (tried > tries) return { isRight: false, reason: 'exhausted' };
    const code = readEmailCode(typed);
    if (code === undefined || !digests.matches(bound(purpose, code), kept.record.code))
      return { isRight: false, reason: 'credentials' };
    if (!purpose.isOfNobody && (await activeAccount(accounts, purpose.accountId)) === undefined)
      return { isRight: false, reason: 'disabled' };
    // One of many at once gets it; a code that was made meanwhile ends this one, too.
    const won = await state.swap(keyOf(flow), kept.entry.version, USED, {
      ttlSeconds: lifetime,
      // A redemption: not to be undone by a Redis that fails over, nor refused by one that is full.
      durable: true,
      essential: true,
    });
    return won === undefined ? { isRight: false, reason: 'used' } : { isRight: true, proven: {} };
  }
}

/** As JSON, so that no two purposes read the same. */
function bound({ flowId, accountId }: Purpose, code: string): string {
  return JSON.stringify([flowId, accountId, code]);
}
