import { hash } from 'node:crypto';
import { ManagementProblem } from './problem.ts';
import type { ManagementRoute } from './route.ts';

type Writing = Pick<ManagementRoute, 'method' | 'path' | 'scopes'>;

/** Routes that would change what is declared: each is refused, and told where it is changed. */
export function readOnly(setting: string, routes: readonly Writing[]): readonly ManagementRoute[] {
  return routes.map((route) => ({
    ...route,
    run: () =>
      Promise.reject(
        new ManagementProblem(409, {
          message: `the configuration declares these: change ${setting} there`,
          errorCode: 'declared_in_config',
        }),
      ),
  }));
}

/** The id of what has no id but a name: always the same for one name. */
export function idOfName(prefix: string, name: string): string {
  return `${prefix}${hash('sha256', name).slice(0, 16)}`;
}

/** @throws {ManagementProblem} */
export function notFound(message: string, errorCode: string): never {
  throw new ManagementProblem(404, { message, errorCode });
}
