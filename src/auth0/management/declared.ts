import { hash } from 'node:crypto';
import { ManagementProblem } from './problem.ts';

/** The id of what has no id but a name: always the same for one name. */
export function idOfName(prefix: string, name: string): string {
  return `${prefix}${hash('sha256', name).slice(0, 16)}`;
}

/** @throws {ManagementProblem} */
export function notFound(message: string, errorCode: string): never {
  throw new ManagementProblem(404, { message, errorCode });
}
