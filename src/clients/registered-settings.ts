import { METADATA_FIELDS as FIELD } from './metadata-fields.ts';

/** What can be registered of a client, as settings: RFC 7591 names in our spelling, `redirect_uris` is `redirectUris`. */
export const REGISTERED_SETTINGS = {
  redirectUris: FIELD.redirect_uris
    .optional()
    .describe('Where people may be sent back to; compared byte for byte.'),
  postLogoutRedirectUris: FIELD.post_logout_redirect_uris
    .optional()
    .describe('Where people may be sent after they signed out.'),
  backchannelLogoutUri: FIELD.backchannel_logout_uri
    .optional()
    .describe('Called when a session ends (OpenID Connect Back-Channel Logout).'),
  backchannelLogoutSessionRequired: FIELD.backchannel_logout_session_required
    .optional()
    .describe('Whether that call must name the session.'),
  backchannelTokenDeliveryMode: FIELD.backchannel_token_delivery_mode
    .optional()
    .describe(
      'poll: it asks whether somebody has answered; ping: it is told, and asks then (OpenID Connect CIBA).',
    ),
  backchannelClientNotificationEndpoint: FIELD.backchannel_client_notification_endpoint
    .optional()
    .describe('Where it is told that somebody has answered.'),
  uri: FIELD.client_uri.optional().describe('Home page of the client.'),
  logoUri: FIELD.logo_uri.optional().describe('Logo, shown where people sign in.'),
  policyUri: FIELD.policy_uri.optional().describe('Privacy policy, linked where people consent.'),
  tosUri: FIELD.tos_uri.optional().describe('Terms of service, linked where people consent.'),
  contacts: FIELD.contacts.optional().describe('E-mail addresses of who is responsible.'),
  scope: FIELD.scope.optional().describe('Scopes it may ask for; left out: any.'),
  grantTypes: FIELD.grant_types.optional().describe('Grant types; left out: as `type` suggests.'),
  responseTypes: FIELD.response_types
    .optional()
    .describe(
      'What it may ask for at /authorize; left out: a code. Those with id_token need protocol.idTokenResponses and the grant type implicit.',
    ),
  tokenEndpointAuthMethod: FIELD.token_endpoint_auth_method
    .optional()
    .describe('How it proves itself; left out: by secret, or not at all, as `type` suggests.'),
  tokenEndpointAuthSigningAlg: FIELD.token_endpoint_auth_signing_alg
    .optional()
    .describe('The one algorithm of its assertions.'),
  jwks: FIELD.jwks
    .optional()
    .describe(
      'Its public keys, for private_key_jwt and for what is encrypted for it, or with their certificates (`x5c`) for self_signed_tls_client_auth.',
    ),
  jwksUri: FIELD.jwks_uri.optional().describe('Where its public keys are.'),
  idTokenSignedResponseAlg: FIELD.id_token_signed_response_alg
    .optional()
    .describe('Algorithm of its ID tokens; left out: RS256.'),
  defaultMaxAge: FIELD.default_max_age
    .optional()
    .describe('Seconds after which people sign in anew unless the request says otherwise.'),
  requireAuthTime: FIELD.require_auth_time
    .optional()
    .describe('Whether its ID tokens always say when people signed in.'),
  defaultAcrValues: FIELD.default_acr_values
    .optional()
    .describe('Authentication contexts it asks for by default.'),
  authorizationSignedResponseAlg: FIELD.authorization_signed_response_alg
    .optional()
    .describe('Algorithm of its signed authorization answers (JARM); left out: RS256.'),
  introspectionSignedResponseAlg: FIELD.introspection_signed_response_alg
    .optional()
    .describe('Algorithm of signed introspection answers to it (RFC 9701); left out: JSON.'),
  userinfoSignedResponseAlg: FIELD.userinfo_signed_response_alg
    .optional()
    .describe('Algorithm of its signed userinfo; left out: JSON.'),
  idTokenEncryptedResponseAlg: FIELD.id_token_encrypted_response_alg
    .optional()
    .describe(
      'How its ID tokens are encrypted: for its public key, or with its secret (A256KW, dir); needs protocol.encryption.',
    ),
  idTokenEncryptedResponseEnc: FIELD.id_token_encrypted_response_enc
    .optional()
    .describe('Cipher of its encrypted ID tokens.'),
  userinfoEncryptedResponseAlg: FIELD.userinfo_encrypted_response_alg
    .optional()
    .describe('How its signed userinfo is encrypted; needs protocol.encryption.'),
  userinfoEncryptedResponseEnc: FIELD.userinfo_encrypted_response_enc
    .optional()
    .describe('Cipher of its encrypted userinfo.'),
  introspectionEncryptedResponseAlg: FIELD.introspection_encrypted_response_alg
    .optional()
    .describe('How signed introspection answers to it are encrypted; needs protocol.encryption.'),
  introspectionEncryptedResponseEnc: FIELD.introspection_encrypted_response_enc
    .optional()
    .describe('Cipher of its encrypted introspection answers.'),
  authorizationEncryptedResponseAlg: FIELD.authorization_encrypted_response_alg
    .optional()
    .describe('How its authorization answers (JARM) are encrypted; needs protocol.encryption.'),
  authorizationEncryptedResponseEnc: FIELD.authorization_encrypted_response_enc
    .optional()
    .describe('Cipher of its encrypted authorization answers.'),
  requestObjectSigningAlg: FIELD.request_object_signing_alg
    .optional()
    .describe('The one algorithm of its signed requests (RFC 9101).'),
  requestObjectEncryptionAlg: FIELD.request_object_encryption_alg
    .optional()
    .describe(
      'How it may encrypt its signed requests: to our key, or with its secret (A256KW, dir); needs protocol.requestObjects.encryption.',
    ),
  requestObjectEncryptionEnc: FIELD.request_object_encryption_enc
    .optional()
    .describe('Cipher of its encrypted requests.'),
  requireSignedRequestObject: FIELD.require_signed_request_object
    .optional()
    .describe('Takes its requests only signed (RFC 9101).'),
  authorizationDetailsTypes: FIELD.authorization_details_types
    .optional()
    .describe('Types of protocol.authorizationDetails it may ask for (RFC 9396); left out: none.'),
  subjectType: FIELD.subject_type
    .optional()
    .describe(
      'pairwise: it knows people by names that no client of another sector knows; needs protocol.pairwiseSubjects.',
    ),
  sectorIdentifierUri: FIELD.sector_identifier_uri
    .optional()
    .describe('Lists the redirect URIs of all clients of its sector (OpenID Connect Core 8.1).'),
  initiateLoginUri: FIELD.initiate_login_uri
    .optional()
    .describe('Where a sign-in can be begun from here.'),
  requirePushedAuthorizationRequests: FIELD.require_pushed_authorization_requests
    .optional()
    .describe('Takes its requests only pushed (RFC 9126).'),
  tlsClientCertificateBoundAccessTokens: FIELD.tls_client_certificate_bound_access_tokens
    .optional()
    .describe('Gets only tokens bound to the certificate that it shows (RFC 8705).'),
  tlsClientAuthSubjectDn: FIELD.tls_client_auth_subject_dn
    .optional()
    .describe('For tls_client_auth: the subject of its certificate, as RFC 4514 writes it.'),
  tlsClientAuthSanDns: FIELD.tls_client_auth_san_dns
    .optional()
    .describe('In its place: a host name of the certificate.'),
  tlsClientAuthSanUri: FIELD.tls_client_auth_san_uri
    .optional()
    .describe('In its place: a URI of the certificate.'),
  tlsClientAuthSanIp: FIELD.tls_client_auth_san_ip
    .optional()
    .describe('In its place: an IP address of the certificate.'),
  tlsClientAuthSanEmail: FIELD.tls_client_auth_san_email
    .optional()
    .describe('In its place: an e-mail address of the certificate.'),
  dpopBoundAccessTokens: FIELD.dpop_bound_access_tokens
    .optional()
    .describe('Gets only tokens bound to a key (RFC 9449).'),
};
