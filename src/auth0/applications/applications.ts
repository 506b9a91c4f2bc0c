import { z } from 'zod';
import { DeclaredInConfig, type Client, type Clients } from '../../clients/clients.ts';
import type { JsonObject } from '../../runtime/json.ts';
import type { Actor } from '../../runtime/origin.ts';
import { randomId } from '../../runtime/random.ts';
import { changedApplication, clientOf, type ApplicationRules } from './application.ts';
import { application, type Application } from './fields.ts';

/** An application that was made by the Management API. */
export interface MadeApplication {
  readonly client: Client;
  readonly application: Application;
}

/** By API (identifiers), what an application may ask for itself. */
export type OwnScopes = Readonly<Record<string, readonly string[]>>;

/** Applications of one tenant that are clients in records. A change counts at every node at once. */
export interface Applications {
  /** @throws {ManagementProblem} {InvalidClient} */
  create(fields: JsonObject, actor: Actor): Promise<MadeApplication>;
  /** Undefined: the tenant has none of this id. @throws {ManagementProblem} {InvalidClient} {DeclaredInConfig} */
  update(id: string, changes: JsonObject, actor: Actor): Promise<MadeApplication | undefined>;
  /** What `next` makes of what it may ask for itself, called again when another change was faster. @throws {DeclaredInConfig} */
  permit(
    id: string,
    next: (ownScopes: OwnScopes) => OwnScopes,
    actor: Actor,
  ): Promise<MadeApplication | undefined>;
  /** Undefined: there is none. @throws {InvalidClient} {DeclaredInConfig} */
  rotateSecret(id: string, actor: Actor): Promise<MadeApplication | undefined>;
  /** All that was issued to it falls. @throws {DeclaredInConfig} */
  delete(id: string, actor: Actor): Promise<void>;
}

const ID_LENGTH = 32;
/** Enough for so many letters and digits. */
const ID_BYTES = 48;
const ownScopes = z.record(z.string(), z.array(z.string()));

/** `clients`: those of the tenant. */
export function createApplications({
  clients,
  ...rules
}: ApplicationRules & { readonly clients: Clients }): Applications {
  /** @throws {DeclaredInConfig} */
  async function isOurs(id: string): Promise<boolean> {
    const client = await clients.find(id);
    if (client?.source === 'config')
      throw new DeclaredInConfig(`the configuration declares ${id}: change it there`);
    return client !== undefined;
  }

  async function revise(
    id: string,
    next: (made: MadeApplication) => { application: Application; scopes: OwnScopes },
    actor: Actor,
  ): Promise<MadeApplication | undefined> {
    if (!(await isOurs(id))) return undefined;
    const client = await clients.revise(
      id,
      (old) => {
        const { application: changed, scopes } = next(madeOf(old));
        return clientOf(changed, scopes, rules);
      },
      actor,
    );
    return client && madeOf(client);
  }

  return {
    async create(fields, actor) {
      const made = changedApplication({}, fields, rules);
      const { client } = await clients.create({ id: newId(), ...clientOf(made, {}, rules) }, actor);
      return madeOf(client);
    },
    update: (id, changes, actor) =>
      revise(
        id,
        ({ client, application: before }) => ({
          application: changedApplication(before, changes, rules),
          scopes: ownScopesOf(client),
        }),
        actor,
      ),
    permit: (id, next, actor) =>
      revise(
        id,
        ({ client, application: same }) => ({
          application: same,
          scopes: next(ownScopesOf(client)),
        }),
        actor,
      ),
    async rotateSecret(id, actor) {
      if (!(await isOurs(id))) return undefined;
      const rotated = await clients.rotateSecret(id, actor);
      return rotated && madeOf(rotated.client);
    },
    async delete(id, actor) {
      if (await isOurs(id)) await clients.delete(id, actor);
    },
  };
}

/** The application behind a client that was made by a Management API. */
export function madeOf(client: Client): MadeApplication {
  return { client, application: application.parse(client.policy.beside) };
}

/** What developers keep of an application of the tenant (`client_metadata`). */
export function metadataOfClient(client: Client): Readonly<Record<string, string>> {
  const isMade = client.policy.beside !== undefined;
  return isMade ? (madeOf(client).application.client_metadata ?? {}) : {};
}

/** What such a client may ask for itself. */
export function ownScopesOf({ policy }: Client): OwnScopes {
  return ownScopes.parse(policy.ownScopes ?? {});
}

/** `scopes` but for those of one API. */
export function without(scopes: OwnScopes, identifier: string): OwnScopes {
  return Object.fromEntries(Object.entries(scopes).filter(([name]) => name !== identifier));
}

function newId(): string {
  return randomId(ID_BYTES)
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .slice(0, ID_LENGTH);
}
