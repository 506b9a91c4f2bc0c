import { MANAGEMENT_SCOPES } from '../../../src/auth0/management/scopes.ts';
import { openTenantNode, SECRET, type TenantNode } from './tenant-node.ts';

const MANAGER = 'manager-client';

/** A user, a role, a job, or whatever else has a name: as far as tests read it. */
export interface Item {
  readonly [name: string]: unknown;
  readonly id: string;
  readonly name: string;
  readonly user_id: string;
  readonly email: string;
}

/** What the Management API answers. */
export interface Told {
  readonly status: number;
  /** Empty: nothing, or a list. */
  readonly body: Item & {
    readonly total: number;
    readonly users: readonly Item[];
  };
  /** Empty: no list. */
  readonly list: readonly Item[];
}

/** A node with a tenant, and a client that may do everything there by its Management API. */
export interface ManagedNode extends TenantNode {
  manage(method: string, path: string, body?: object | FormData): Promise<Told>;
}

export async function openManagedNode(
  tenant: {
    readonly clients?: readonly object[];
    readonly actions?: object;
    readonly organizations?: readonly object[];
  } = {},
  settings: object = {},
): Promise<ManagedNode> {
  const { clients = [], ...others } = tenant;
  const manager = {
    clientId: MANAGER,
    appType: 'non_interactive',
    clientSecretInClear: SECRET,
    managementScopes: MANAGEMENT_SCOPES,
  };
  const node = await openTenantNode({ ...others, clients: [...clients, manager] }, settings);
  const { body } = await node.token({
    grant_type: 'client_credentials',
    client_id: MANAGER,
    client_secret: SECRET,
    audience: `${node.tenant}/api/v2/`,
  });
  const authorization = `Bearer ${String(body['access_token'])}`;
  return {
    ...node,
    async manage(method, path, sent) {
      const isForm = sent instanceof FormData;
      const response = await fetch(`${node.tenant}/api/v2${path}`, {
        method,
        headers: {
          authorization,
          ...(sent !== undefined && !isForm && { 'content-type': 'application/json' }),
        },
        ...(sent !== undefined && { body: isForm ? sent : JSON.stringify(sent) }),
      });
      const text = await response.text();
      const told: unknown = text === '' ? {} : JSON.parse(text);
      const isList = Array.isArray(told);
      return {
        status: response.status,
        body: (isList ? {} : told) as Told['body'],
        list: isList ? told : [],
      };
    },
  };
}
