import type { Audit } from '../../audit/audit.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { JsonObject } from '../../runtime/json.ts';
import type { Logger } from '../../runtime/logger.ts';
import { hostOfDocument } from './document-url.ts';
import type { MayFetch } from './fetch-budget.ts';
import { fetchDocument } from './fetch-document.ts';
import type { KeptDocument, KeptDocuments } from './kept-documents.ts';
import { readDocument } from './read-document.ts';

/** How soon a document may be asked for again, whatever its host says. */
export const FRESH_SECONDS_MIN = 60;

export interface RenewOptions {
  readonly settings: {
    /** A document is read again after so many seconds at most. */
    readonly refresh: number;
    /** One that cannot be read again is good for so many seconds more. */
    readonly keep: number;
  };
  readonly profile: 'dev' | 'production';
  readonly documents: KeptDocuments;
  readonly mayFetch: MayFetch;
  readonly audit: Pick<Audit, 'record'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly outboundFetch: (url: string, init: RequestInit) => Promise<Response>;
}

/**
 * The document at `id` as it is now; as it was, when it cannot be had. Undefined: there is none, or none that describes
 * a client, and what was `kept` of it is gone.
 */
export async function renewDocument(
  id: string,
  kept: KeptDocument | undefined,
  options: RenewOptions,
): Promise<KeptDocument | undefined> {
  const { clock, logger, documents } = options;
  const later = kept && { ...kept, freshUntil: clock.now() + FRESH_SECONDS_MIN };
  if (!options.mayFetch(hostOfDocument(id))) return later;
  const fetched = await fetchDocument(id, options.outboundFetch);
  switch (fetched.kind) {
    case 'unreachable':
      logger.warn(
        { event: 'client.document_unreachable', clientId: id, reason: fetched.reason },
        'the document of a client cannot be had now',
      );
      return later;
    case 'gone':
      tellRefused(id, [fetched.reason], options);
      await documents.delete(id);
      return undefined;
    case 'document': {
      const { metadata, problems } = readDocument(id, fetched.document, {
        isDev: options.profile === 'dev',
      });
      if (problems.length === 0)
        return keep(id, { metadata, kept, maxAge: fetched.maxAge }, options);
      const texts = problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
      tellRefused(id, texts, options);
      await documents.delete(id);
      return undefined;
    }
  }
}

function tellRefused(
  id: string,
  problems: readonly string[],
  { logger }: Pick<RenewOptions, 'logger'>,
): void {
  logger.info(
    { event: 'client.document_refused', clientId: id, problems },
    'the URL of a client leads to no document that describes it',
  );
}

async function keep(
  id: string,
  read: {
    readonly metadata: JsonObject;
    readonly kept: KeptDocument | undefined;
    readonly maxAge: number | undefined;
  },
  { documents, clock, settings, audit }: RenewOptions,
): Promise<KeptDocument> {
  const { metadata, kept, maxAge = settings.refresh } = read;
  const now = clock.now();
  const freshSeconds = Math.max(FRESH_SECONDS_MIN, Math.min(maxAge, settings.refresh));
  if (JSON.stringify(kept?.metadata) !== JSON.stringify(metadata)) {
    const type = kept === undefined ? 'client.created' : 'client.updated';
    const origin = { address: hostOfDocument(id) };
    await audit.record({ type, clientId: id, by: 'document', origin });
  }
  const next = { metadata, firstReadAt: kept?.firstReadAt ?? now, freshUntil: now + freshSeconds };
  await documents.put(id, next, freshSeconds + settings.keep);
  return next;
}
