import { z } from 'zod';
import { authorizationDetailsConfig } from './authorization-details.ts';
import { clientIdMetadataConfig } from './client-id-metadata.ts';
import { cibaConfig } from './ciba.ts';
import { deviceFlowConfig } from './device-flow.ts';
import { dpopConfig } from './dpop.ts';
import { fapi2Config } from './fapi2.ts';
import { encryptionConfig } from './encryption.ts';
import { idTokenResponsesConfig } from './id-token-responses.ts';
import { jwtBearerConfig } from './jwt-bearer.ts';
import { mtlsConfig } from './mtls.ts';
import { pairwiseSubjectsConfig } from './pairwise-subjects.ts';
import { pushedRequestsConfig } from './pushed-requests.ts';
import { requestObjectsConfig } from './request-objects.ts';
import { signedAnswersConfig } from './signed-answers.ts';
import { webMessagesConfig } from './web-messages.ts';
import { tokenExchangeConfig } from './token-exchange.ts';

/** Parts of the protocol that an installation may switch on or off, each by a section of its own. */
export const protocolConfig = z
  .strictObject({
    pushedRequests: pushedRequestsConfig,
    dpop: dpopConfig,
    clientIdMetadata: clientIdMetadataConfig,
    deviceFlow: deviceFlowConfig,
    idTokenResponses: idTokenResponsesConfig,
    jwtBearer: jwtBearerConfig,
    mtls: mtlsConfig,
    pairwiseSubjects: pairwiseSubjectsConfig,
    requestObjects: requestObjectsConfig,
    authorizationDetails: authorizationDetailsConfig,
    ciba: cibaConfig,
    signedAnswers: signedAnswersConfig,
    webMessages: webMessagesConfig,
    tokenExchange: tokenExchangeConfig,
    fapi2: fapi2Config,
    encryption: encryptionConfig,
  })
  .prefault({});

/** The settings of all features. */
export type FeatureSettings = z.output<typeof protocolConfig>;
