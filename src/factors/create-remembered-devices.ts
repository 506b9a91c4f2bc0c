import { sha256 } from '../runtime/digest.ts';
import { randomId } from '../runtime/random.ts';
import type { RememberedDeviceTable } from '../storage/tables.ts';
import {
  deleteDevice,
  deleteDevices,
  deviceByToken,
  devicesOf,
  insertDevice,
  tidyDevices,
  touchDevice,
} from './device-queries.ts';
import type { FactorParts } from './factor-options.ts';
import type { RememberedDevice, RememberedDevices } from './remembered-devices.ts';
import { activeAccount } from './standing.ts';

const TOKEN_BYTES = 32;
const DEVICES_MAX = 50;
const DAY_SECONDS = 86_400;
const USER_AGENT_CHARACTERS_MAX = 300;

/** Remembered browsers, one row each. */
export function createRememberedDevices(parts: FactorParts): RememberedDevices {
  const { records, clock, audit, accounts } = parts;
  const { enabled, for: lifetime } = parts.settings.rememberDevices;
  const { queries } = records;

  return {
    async remember({ accountId, origin }) {
      if (!enabled || (await activeAccount(accounts, accountId)) === undefined) return undefined;
      const [token, now] = [randomId(TOKEN_BYTES), clock.now()];
      const row = {
        id: randomId(),
        account_id: accountId,
        token_hash: sha256(token),
        user_agent: origin.userAgent?.slice(0, USER_AGENT_CHARACTERS_MAX) ?? null,
        created_at: now,
        last_used_at: now,
        expires_at: now + lifetime,
      };
      await records.write(
        tidyDevices(queries, accountId, { now, kept: DEVICES_MAX - 1 }),
        insertDevice(queries, row),
      );
      const about = { factor: 'remembered_device', factorId: row.id, accountId, origin } as const;
      await audit.record({ type: 'factor.added', by: 'self', ...about });
      return { token, expiresAt: row.expires_at };
    },

    async isRemembered(accountId, token) {
      if (!enabled) return false;
      const row = await records.first(deviceByToken(queries, accountId, sha256(token)));
      const now = clock.now();
      if (row === undefined || row.expires_at <= now) return false;
      if (now - row.last_used_at >= DAY_SECONDS)
        await records.write(touchDevice(queries, row.id, now));
      return true;
    },

    async list(accountId) {
      const rows = await records.all(devicesOf(queries, accountId));
      return rows.filter(({ expires_at: end }) => end > clock.now()).map(deviceOf);
    },

    async forget(accountId, deviceId, { by, origin }) {
      const [written] = await records.write(deleteDevice(queries, accountId, deviceId));
      if (written?.rowsAffected !== 1) return false;
      const about = { factor: 'remembered_device', factorId: deviceId, accountId, origin } as const;
      await audit.record({ type: 'factor.removed', by, ...about });
      return true;
    },

    async forgetAll(accountId, { by, origin }) {
      const [written] = await records.write(deleteDevices(queries, accountId));
      const count = written?.rowsAffected ?? 0;
      const about = { factor: 'remembered_device', accountId, origin } as const;
      if (count > 0) await audit.record({ type: 'factor.removed', by, ...about });
      return count;
    },
  };
}

function deviceOf(row: RememberedDeviceTable): RememberedDevice {
  return {
    id: row.id,
    userAgent: row.user_agent ?? undefined,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
  };
}
