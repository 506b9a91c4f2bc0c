import type { Configuration } from 'oidc-provider';
import { clientIdMetadata } from './client-id-metadata.ts';
import type { FeatureSettings } from './config.ts';
import { authorizationDetails } from './authorization-details.ts';
import { deviceFlow } from './device-flow.ts';
import { ciba } from './ciba.ts';
import { dpop } from './dpop.ts';
import { encryptedRequests, requestEncryptionAlgorithms } from './encrypted-requests.ts';
import { encryption } from './encryption.ts';
import { fapi2 } from './fapi2.ts';
import type { Feature, FeatureOptions } from './feature.ts';
import { furtherGrants } from './further-grants.ts';
import { idTokenResponses } from './id-token-responses.ts';
import { jwtBearer } from './jwt-bearer.ts';
import { mtls } from './mtls.ts';
import { pairwiseSubjects } from './pairwise-subjects.ts';
import { pushedRequests } from './pushed-requests.ts';
import { requestObjects } from './request-objects.ts';
import { signedAnswers } from './signed-answers.ts';
import { webMessages } from './web-messages.ts';
import { tokenExchange } from './token-exchange.ts';

/** The features that `settings` switch on. */
export function createFeatures(
  settings: FeatureSettings,
  options: FeatureOptions,
): readonly Feature[] {
  return [
    pushedRequests(settings.pushedRequests, options),
    dpop(settings.dpop, options),
    clientIdMetadata(settings.clientIdMetadata),
    deviceFlow(settings.deviceFlow, options),
    mtls(settings.mtls, options),
    pairwiseSubjects(settings.pairwiseSubjects, options),
    idTokenResponses(settings.idTokenResponses),
    jwtBearer(settings.jwtBearer, options),
    requestObjects(settings.requestObjects),
    encryptedRequests(settings.requestObjects, options),
    authorizationDetails(options),
    ciba(settings.ciba, options),
    signedAnswers(settings.signedAnswers),
    webMessages(settings.webMessages),
    tokenExchange(settings.tokenExchange),
    fapi2(settings.fapi2, options),
    furtherGrants(options.furtherGrants),
    encryption(settings.encryption, {
      hasSignedAnswers: settings.signedAnswers.enabled,
      requestAlgorithms: requestEncryptionAlgorithms(settings.requestObjects),
    }),
  ].filter((feature) => feature !== undefined);
}

/** `own` with what the features set. Of what the engine keeps in groups, each feature sets members of its own. */
export function joinConfigurations(
  own: Configuration,
  features: readonly Feature[],
): Configuration {
  return {
    ...own,
    ...Object.assign({}, ...features.map(({ configuration }) => configuration)),
    clientAuthMethods: [
      ...(own.clientAuthMethods ?? []),
      ...features.flatMap(({ clientAuthMethods }) => clientAuthMethods ?? []),
    ],
    features: Object.assign({}, own.features, ...features.map(({ engine }) => engine)),
    enabledJWA: Object.assign({}, own.enabledJWA, ...features.map(({ algorithms }) => algorithms)),
    ttl: Object.assign({}, own.ttl, ...features.map(({ lifetimes }) => lifetimes)),
    routes: Object.assign({}, own.routes, ...features.map(({ routes }) => routes)),
  };
}
