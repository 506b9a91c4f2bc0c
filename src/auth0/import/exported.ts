import { z } from 'zod';
import { LatchkeyError } from '../../runtime/errors.ts';

const entries = z.array(z.unknown()).default([]);
const dump = z.object({ users: entries, roles: entries, clients: entries });

const role = z.object({
  id: z.string().optional(),
  name: z.string(),
  description: z.string().nullish(),
  permissions: z
    .array(z.object({ resource_server_identifier: z.string(), permission_name: z.string() }))
    .default([]),
});
/** A role as the Management API tells it, with its permissions where the file has them. */
export type ExportedRole = z.output<typeof role>;

/** The files do not hold what is carried over. */
export class ExportUnclear extends LatchkeyError {
  readonly code = 'ERR_EXPORT_UNCLEAR';
}

/** All that was read. Users are read one by one, so that one that is unfit keeps nobody else out. */
export interface Exported {
  readonly users: readonly unknown[];
  readonly roles: readonly ExportedRole[];
  /** Applications: they are declared here, and not carried. */
  readonly clients: number;
}

/**
 * What files of one tenant have in them: an export of users or of password hashes (one JSON object a line, or a list), or
 * what the Management API told (`{ "users": [...] }`, `{ "roles": [...] }`).
 *
 * @throws {ExportUnclear}
 */
export function readExported(
  files: readonly { readonly name: string; readonly text: string }[],
): Exported {
  const sorted = files.map(({ name, text }) => sort(name, contentOf(name, text)));
  return {
    users: sorted.flatMap(({ users }) => users),
    roles: sorted.flatMap(({ roles }) => roles),
    clients: sorted.reduce((sum, { clients }) => sum + clients, 0),
  };
}

function contentOf(name: string, text: string): unknown {
  const whole = parsed(text);
  if (whole !== undefined) return whole;
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line, index) => {
    const one = parsed(line);
    if (one === undefined) throw new ExportUnclear(`${name}: line ${index + 1} is no JSON`);
    return one;
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function sort(name: string, content: unknown): Exported {
  const { users, roles, clients } = dump.parse(
    Array.isArray(content) ? byKind(content) : isDump(content) ? content : byKind([content]),
  );
  const { data, error } = z.array(role).safeParse(roles);
  if (error !== undefined)
    throw new ExportUnclear(`${name}: a role is none: ${z.prettifyError(error)}`);
  return { users, roles: data, clients: clients.length };
}

function isDump(content: unknown): boolean {
  const { success, data } = dump.safeParse(content);
  return success && data.users.length + data.roles.length + data.clients.length > 0;
}

/** Entries of a list say by their id what they are. */
function byKind(all: readonly unknown[]): z.input<typeof dump> {
  const { user = [], role: roles = [], client = [] } = Object.groupBy(all, kindOf);
  return { users: user, roles, clients: client };
}

function kindOf(entry: unknown): 'user' | 'role' | 'client' {
  const { data } = z.object({ id: z.unknown(), client_id: z.unknown() }).partial().safeParse(entry);
  if (typeof data?.client_id === 'string') return 'client';
  return typeof data?.id === 'string' && data.id.startsWith('rol_') ? 'role' : 'user';
}
