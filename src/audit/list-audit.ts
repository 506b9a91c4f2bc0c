import { z } from 'zod';
import type { Json } from '../runtime/json.ts';
import type { Records } from '../storage/records.ts';
import type { AuditedEvent } from './audit.ts';
import { plainText } from './canonical-json.ts';

/** Which events; what is left out does not narrow. */
export interface AuditFilters {
  /** NumericDate; events from then on. */
  readonly since?: number | undefined;
  readonly accountId?: string | undefined;
  readonly clientId?: string | undefined;
  readonly type?: string | undefined;
  readonly limit: number;
}

const json: z.ZodType<Json> = z.json();

/** The newest events that fit, newest first. */
export async function listAudit(
  records: Records,
  { since, accountId, clientId, type, limit }: AuditFilters,
): Promise<readonly AuditedEvent[]> {
  let query = records.queries.selectFrom('audit').select(['node', 'number', 'at', 'event']);
  if (since !== undefined) query = query.where('at', '>=', since);
  if (accountId !== undefined) query = query.where('account_id', '=', plainText(accountId));
  if (clientId !== undefined) query = query.where('client_id', '=', plainText(clientId));
  if (type !== undefined) query = query.where('type', '=', type);
  const rows = await records.all(
    query.orderBy('at', 'desc').orderBy('node').orderBy('number', 'desc').limit(limit),
  );
  return rows.map((row) => ({
    node: row.node,
    number: row.number,
    at: row.at,
    event: json.parse(JSON.parse(row.event)),
  }));
}
