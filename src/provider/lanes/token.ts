import type { Admission } from '../admission.ts';
import type { RequestScopes } from '../request-scope.ts';
import { ROUTES } from '../routes.ts';
import type { Proven, ProveClient } from './basic-client.ts';
import type { Lane } from './lane.ts';
import { peekForm, type Form } from './peek-form.ts';

/** The lane of one grant type. */
export interface GrantLane {
  /** The fields that it knows, beside `grant_type`; a form with any other is not ordinary. */
  readonly fields: ReadonlySet<string>;
  /** As a lane answers. The client has proved itself, and may use this grant type. */
  answer(form: Form, proven: Proven): Promise<object | undefined>;
}

/** RFC 6749 section 3.2, for clients with a secret. `grants`: by `grant_type`. */
export function createTokenLane(options: {
  readonly admission: Admission;
  readonly proveClient: ProveClient;
  readonly scopes: RequestScopes;
  readonly grants: ReadonlyMap<string, GrantLane>;
}): Lane {
  const { admission, proveClient, scopes, grants } = options;
  return async (request) => {
    const form = await peekForm(request);
    const grantType = form?.get('grant_type') ?? '';
    const lane = grants.get(grantType);
    if (form === undefined || lane === undefined || !isKnown(form, lane)) return undefined;
    const scope = scopes.current();
    scope.route = 'token';
    // Before client, token and API are read: whatever is revoked from now on is newer.
    scope.mark = await admission.markFor(ROUTES.token);
    const proven = await proveClient(request.headers.authorization);
    const mayUse = proven?.engineClient.grantTypeAllowed(grantType) === true;
    return mayUse ? lane.answer(form, proven) : undefined;
  };
}

function isKnown(form: Form, { fields }: GrantLane): boolean {
  return [...form.keys()].every((name) => name === 'grant_type' || fields.has(name));
}
