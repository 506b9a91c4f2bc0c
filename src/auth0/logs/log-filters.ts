import type { SiteFilters } from '../../audit/site-events.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { TenantConfig } from '../config.ts';
import type { Search } from '../management/lucene.ts';
import { profileOf } from '../profiles.ts';
import { accountIdOf } from '../subjects.ts';
import { auditTypesOf } from './log-types.ts';

const DAY_SECONDS = 86_400;
const SECOND_MS = 1000;
/** How far logs go back, as with Auth0's largest plans. */
const LOGS_SECONDS = 30 * DAY_SECONDS;

/** What the records are asked for: all that `search` could find, of the last 30 days. */
export function filtersOf(
  {
    search,
    accountId,
  }: { readonly search?: Search | undefined; readonly accountId?: string | undefined },
  {
    clock,
    tenant,
  }: { readonly clock: Clock; readonly tenant: Pick<TenantConfig, 'issuer' | 'name'> },
): SiteFilters {
  const now = clock.now();
  const { low, high } = search?.between('date') ?? {};
  return {
    site: profileOf(tenant).namespace,
    types: auditTypesOf(search?.exactly('type')),
    accountId: accountId ?? personIn(search),
    since: Math.max(now - LOGS_SECONDS, instantIn(low) ?? 0),
    before: Math.min(now + 1, (instantIn(high) ?? now) + DAY_SECONDS),
  };
}

/** Whoever is looked for by `user_id` alone. */
function personIn(search: Search | undefined): string | undefined {
  const [userId, ...others] = search?.exactly('user_id') ?? [];
  return userId === undefined || others.length > 0 ? undefined : accountIdOf(userId);
}

/** Of a day its beginning (NumericDate). */
function instantIn(text: string | undefined): number | undefined {
  const isDay = /^\d{4}-\d\d-\d\d/.test(text ?? '');
  const at = isDay ? Date.parse(text ?? '') : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.floor(at / SECOND_MS);
}
