import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { pid } from 'node:process';

const NAME = /^[\w.:@-]{1,64}$/;
const HOST_MAX = 40;

/** Host, process id, and a few letters that tell apart what follows from one process. */
export function followerName(): string {
  const host = hostname()
    .replaceAll(/[^\w.-]/g, '_')
    .slice(0, HOST_MAX);
  return `${host}:${pid}:${randomBytes(3).toString('hex')}`;
}

/** Whether the feed takes it for a name. */
export function isFollowerName(name: string): boolean {
  return NAME.test(name);
}

/** @throws {TypeError} when the feed would not take it for a name. */
export function assertFollowerName(name: string): void {
  if (!isFollowerName(name)) throw new TypeError('name: 1 to 64 letters, digits, . : @ _ -');
}
