import type { State } from '../../storage/state.ts';
import type { Client } from '../clients.ts';
import { policyOf } from '../policy.ts';
import { hostOfDocument, isDocumentUrl } from './document-url.ts';
import { createFetchBudget } from './fetch-budget.ts';
import { createKeptDocuments, type KeptDocument } from './kept-documents.ts';
import { FRESH_SECONDS_MIN, renewDocument, type RenewOptions } from './renew-document.ts';

/** Stands for every host. */
const ANY_HOST = '*';

const KNOWN_MAX = 10_000;

export interface DocumentClientsOptions extends Omit<RenewOptions, 'documents' | 'mayFetch'> {
  readonly settings: RenewOptions['settings'] & {
    /** Whose documents are read; `*`: everybody's. */
    readonly hosts: readonly string[];
    readonly blocked: readonly string[];
    /** APIs that these clients may ask for; undefined: any that is not restricted. */
    readonly apis?: readonly string[] | undefined;
  };
  readonly state: Pick<State, 'get' | 'put' | 'delete'>;
}

/** Clients that nobody registered, by the URL of the document that describes them. */
export interface DocumentClients {
  /** The same object for as long as the document says the same. */
  find(id: string): Promise<Client | undefined>;
}

interface Known {
  /** Undefined: there is no such document, or none that is good. */
  readonly client: Client | undefined;
  readonly freshUntil: number;
}

/**
 * Documents are kept in state, so that all nodes have them and a host that is down for a while takes nobody's tokens
 * away; one that its host has removed is gone when it is read again.
 */
export function createDocumentClients(options: DocumentClientsOptions): DocumentClients {
  const { clock, settings } = options;
  const documents = createKeptDocuments(options);
  const renewing = { ...options, documents, mayFetch: createFetchBudget(options) };
  const known = new Map<string, Known>();
  const reading = new Map<string, Promise<Client | undefined>>();

  function remember(id: string, one: Known): Client | undefined {
    const [oldest] = known.keys();
    if (known.size >= KNOWN_MAX && oldest !== undefined && !known.has(id)) known.delete(oldest);
    known.set(id, one);
    return one.client;
  }

  function clientOf(id: string, { metadata, firstReadAt }: KeptDocument): Client {
    const before = known.get(id)?.client;
    if (before !== undefined && JSON.stringify(before.metadata) === JSON.stringify(metadata))
      return before;
    const policy = policyOf(metadata, { apis: settings.apis });
    const source = 'document';
    return { id, metadata, secretHash: undefined, policy, source, createdAt: firstReadAt };
  }

  async function read(id: string): Promise<Client | undefined> {
    const kept = await documents.find(id);
    const isFresh = kept !== undefined && clock.now() < kept.freshUntil;
    const document = isFresh ? kept : await renewDocument(id, kept, renewing);
    return remember(id, {
      client: document && clientOf(id, document),
      freshUntil: document?.freshUntil ?? clock.now() + FRESH_SECONDS_MIN,
    });
  }

  return {
    async find(id) {
      if (!isDocumentUrl(id) || !isWelcome(id, settings)) return undefined;
      const one = known.get(id);
      if (one !== undefined && clock.now() < one.freshUntil) return one.client;
      const running = reading.get(id) ?? read(id).finally(() => reading.delete(id));
      reading.set(id, running);
      return await running;
    },
  };
}

function isWelcome(
  id: string,
  { hosts, blocked }: Pick<DocumentClientsOptions['settings'], 'hosts' | 'blocked'>,
): boolean {
  if (blocked.includes(id)) return false;
  return hosts.includes(ANY_HOST) || hosts.includes(hostOfDocument(id));
}
