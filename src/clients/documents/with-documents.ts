import type { Clients } from '../clients.ts';
import { createDocumentClients, type DocumentClientsOptions } from './document-clients.ts';

/**
 * `clients`, and beside them those whose id is the URL of a document (draft-ietf-oauth-client-id-metadata-document).
 * These cannot be listed, changed or deleted here. A client of ours with such an id goes before the document.
 */
export function withDocuments(clients: Clients, options: DocumentClientsOptions): Clients {
  const documents = createDocumentClients(options);
  return {
    ...clients,
    find: async (id) => (await clients.find(id)) ?? (await documents.find(id)),
  };
}
