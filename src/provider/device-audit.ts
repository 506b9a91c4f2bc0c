import { Provider } from 'oidc-provider';
import type { Audit } from '../audit/audit.ts';
import type { RequestScopes } from './request-scope.ts';
import type { DeviceAnswer } from './store/device-codes.ts';

/** Puts into the audit what people do with the codes of devices. */
export function createDeviceAudit({
  audit,
  scopes,
}: {
  readonly audit: Audit;
  readonly scopes: RequestScopes;
}): {
  readonly onAnswer: (answer: DeviceAnswer) => Promise<void>;
  readonly onThrottled: () => void;
} {
  return {
    async onAnswer(answer) {
      const accountId =
        answer.kind === 'connected' ? answer.accountId : Provider.ctx?.oidc.session?.accountId;
      await audit.record({
        type: `device.${answer.kind}`,
        origin: scopes.current().origin,
        accountId,
        clientId: answer.clientId,
      });
    },
    // Noted, not awaited: anyone can make these.
    onThrottled: () => audit.note({ type: 'device.throttled', origin: scopes.current().origin }),
  };
}
