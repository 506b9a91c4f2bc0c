import type { Account } from '../accounts/accounts.ts';
import { accountActivity, type ActivityCursor } from '../audit/account-activity.ts';
import type { AuditedEvent } from '../audit/audit.ts';
import type { FactorSummary } from '../factors/factors.ts';
import type { ConnectedClient } from '../provider/contract.ts';
import { ACTIVITY_TYPES } from './activity.ts';
import type { Room } from './room.ts';
import type { Step, Visit } from './visit.ts';

const SECOND_MS = 1000;
const EVENTS_AT_ONCE = 500;
const EVENTS_MAX = 10_000;

/** All that is kept of somebody, for them to take along (GDPR articles 15 and 20). Field by field: no secret is among it. */
export function createOwnData(room: Room): { readonly show: Step; readonly download: Step } {
  return {
    async show(visit) {
      const mayDelete = room.settings.deletion && !visit.account.owner;
      await room.show(visit, 'account/data', { mayDelete });
    },
    async download(visit) {
      const { ctx } = visit;
      ctx.attachment('account.json');
      ctx.type = 'json';
      ctx.body = `${JSON.stringify(await dataOf(visit, room), null, 2)}\n`;
    },
  };
}

async function dataOf({ account, at }: Visit, room: Room): Promise<object> {
  const { factors, sessions, connectedClients } = room;
  const { id } = account;
  const [has, devices, listed, clients, activity, beside] = await Promise.all([
    factors.of(id),
    factors.devices.list(id),
    sessions.list(id),
    connectedClients.list(id),
    allActivity(id, room),
    room.keptBeside(id),
  ]);
  return {
    exportedAt: instant(at),
    account: ownAccount(account),
    ...beside,
    ...(has && ownFactors(has)),
    rememberedDevices: devices.map(({ userAgent, createdAt, lastUsedAt, expiresAt }) => ({
      userAgent,
      createdAt: instant(createdAt),
      lastUsedAt: instant(lastUsedAt),
      expiresAt: instant(expiresAt),
    })),
    sessions: listed.map(({ userAgent, address, signedInAt, lastSeenAt }) => ({
      userAgent,
      address,
      signedInAt: instant(signedInAt),
      lastSeenAt: instant(lastSeenAt),
    })),
    clients: clients.map(ownClient),
    activity: activity.map(({ at: happenedAt, event }) => ({ at: instant(happenedAt), event })),
  };
}

function ownAccount({ terms, ...account }: Account): object {
  const { id, username, email, emailVerified, claims, attributes, hasPassword } = account;
  return {
    id,
    username,
    email,
    emailVerified,
    claims,
    attributes,
    hasPassword,
    terms: terms && { version: terms.version, acceptedAt: instant(terms.acceptedAt) },
    createdAt: instant(account.createdAt),
    updatedAt: instant(account.updatedAt),
    expiresAt: instant(account.expiresAt),
  };
}

function ownFactors({ passkeys, totp, recoveryCodes }: FactorSummary): object {
  return {
    passkeys: passkeys.map(({ name, device, createdAt, lastUsedAt, backup, transports }) => ({
      name,
      device: device?.name,
      createdAt: instant(createdAt),
      lastUsedAt: instant(lastUsedAt),
      backup,
      transports,
    })),
    authenticatorApp: totp && {
      createdAt: instant(totp.createdAt),
      lastUsedAt: instant(totp.lastUsedAt),
    },
    recoveryCodesLeft: recoveryCodes,
  };
}

function ownClient({ client, allowed, since, lastUsedAt, site }: ConnectedClient): object {
  return {
    id: client.id,
    name: client.name,
    partOf: site === '' ? undefined : site,
    scopes: allowed.scopes,
    claims: allowed.claims,
    resources: allowed.resources.map(({ identifier, scopes }) => ({
      identifier,
      scopes: scopes.map(({ name }) => name),
    })),
    since: instant(since),
    lastUsedAt: instant(lastUsedAt),
  };
}

/** The newest come first, and there is an end to it: a file is written in one go. */
async function allActivity(accountId: string, room: Room): Promise<readonly AuditedEvent[]> {
  const all: AuditedEvent[] = [];
  let before: ActivityCursor | undefined;
  do {
    const filters = { accountId, types: ACTIVITY_TYPES, since: 0, before, limit: EVENTS_AT_ONCE };
    const page = await accountActivity(room.records, filters);
    all.push(...page.events);
    before = page.next;
  } while (before !== undefined && all.length < EVENTS_MAX);
  return all;
}

/** ISO 8601, for whoever reads the file. */
function instant(time: number | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time * SECOND_MS).toISOString();
}
