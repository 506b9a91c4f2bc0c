import { InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { duration } from '../config/values.ts';
import type { RoleKey } from '../groups/groups.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import type { JsonObject } from '../runtime/json.ts';

const COUNT_MAX = 10_000;
const INSTANT = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2}))?$/;
const object = z.record(z.string(), z.json());

/** Options that do not fit together; commander checks each by itself. */
export class UnfitOptions extends LatchkeyError {
  readonly code = 'ERR_UNFIT_OPTIONS';
}

/** An argument that is a number of things. */
export function positiveCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= COUNT_MAX) return count;
  throw new InvalidArgumentError(`Expected a number from 1 to ${COUNT_MAX}.`);
}

/** An argument that is a duration such as `24h`; seconds in the program. */
export function durationSeconds(text: string): number {
  const { data, error } = duration('0s').safeParse(text);
  if (error) throw new InvalidArgumentError(error.issues[0]?.message ?? '');
  return data;
}

/** An argument that is a JSON object. */
export function jsonObject(text: string): JsonObject {
  try {
    return object.parse(JSON.parse(text));
  } catch {
    throw new InvalidArgumentError('Expected a JSON object such as {"name":"value"}.');
  }
}

/** Arguments that name roles: `name`, or `name=api`. For commander, which gives one after the other. */
export function roleKeys(text: string, before: readonly RoleKey[] = []): readonly RoleKey[] {
  const at = text.indexOf('=');
  const key =
    at < 0 ? { api: undefined, name: text } : { api: text.slice(at + 1), name: text.slice(0, at) };
  return [...before, key];
}

/** A role as files and invitations name it. */
export function keptRole({ api, name }: RoleKey): JsonObject {
  return { name, ...(api !== undefined && { api }) };
}

/** An argument that is an instant such as `2027-01-31T12:00:00Z`, as a NumericDate; undefined for `never`. */
export function moment(text: string): number | undefined {
  if (text === 'never') return undefined;
  const seconds = Math.floor(Date.parse(text) / 1000);
  if (INSTANT.test(text) && Number.isFinite(seconds)) return seconds;
  throw new InvalidArgumentError('Expected a time such as 2027-01-31T12:00:00Z, or "never".');
}
