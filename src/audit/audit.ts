import type { Json } from '../runtime/json.ts';
import type { Origin } from '../runtime/origin.ts';

interface Base {
  readonly origin: Origin;
  readonly accountId?: string | undefined;
  readonly clientId?: string | undefined;
}

/** What people prove themselves with beside a password. */
type Factor =
  | 'passkey'
  | 'totp'
  | 'recovery_code'
  | 'email_code'
  | 'sms_code'
  | 'remembered_device';

type Kind<Type extends string, Fields = object> = Base & { readonly type: Type } & Readonly<Fields>;

/** Who did what to whom, from where, with what result. No free text, no secrets. */
export type AuditEvent =
  | Kind<'sign_in.succeeded', { amr: readonly string[] }>
  | Kind<
      'sign_in.failed',
      {
        reason: 'credentials' | 'throttled' | 'disabled' | 'locked' | 'expired' | 'busy';
        login: string;
      }
    >
  | Kind<'sign_out'>
  | Kind<
      'consent.granted',
      {
        scopes: readonly string[];
        resources: readonly string[];
        /** Types of authorization details. */
        details?: readonly string[] | undefined;
      }
    >
  | Kind<'consent.refused'>
  /** An action of a tenant said no, or came to no end of its own; empty: it is not known which one. */
  | Kind<'action.refused', { action: string; how: 'crashed' | 'denied' | 'failed' | 'timeout' }>
  /** Somebody let a device in that showed them a code, or did not; whoever refuses need not have signed in. */
  | Kind<'device.connected' | 'device.refused'>
  /** So many user codes were tried that this address, or everybody, is blocked for a while. */
  | Kind<'device.throttled'>
  /** Somebody let a client have that asked for them from afar, or did not. */
  | Kind<'ciba.approved' | 'ciba.refused'>
  /** A client asked somebody too often; without `accountId` it was nobody. */
  | Kind<'ciba.throttled'>
  /** A program of the operator could not be told of something in time, or refused it. */
  | Kind<'hook.given_up', { id: string; event: string; code: string }>
  | Kind<'token.issued', { grantType: string; kind: string; jti?: string | undefined }>
  | Kind<'token.reused', { grantId: string }>
  /** What `clientId` wanted to redeem is unknown, has expired, was taken back or used, or is not its own. */
  | Kind<'token.refused', { grantType: string }>
  /** `clientId` got a token of the person in exchange for one of `subjectClient`'s; without `actor` it says nothing of that. */
  | Kind<'token.exchanged', { subjectClient: string; actor?: string | undefined; audience: string }>
  /** `clientId` got a token of the person for what another issuer asserted. */
  | Kind<'assertion.redeemed', { assertionIssuer: string; audience: string }>
  | Kind<
      'revocation',
      {
        what: string;
        target: string;
        reason: string;
        by: string;
        /** Its number in the feed; left out while it is not confirmed. */
        number?: number | undefined;
      }
    >
  /** Without `grantType` it was not at the token endpoint. */
  | Kind<'client.authentication_failed', { reason: string; grantType?: string | undefined }>
  | Kind<
      'client.created' | 'client.updated' | 'client.deleted' | 'client.secret_rotated',
      { by: string }
    >
  | Kind<'api.created' | 'api.updated' | 'api.deleted', { api: string; by: string }>
  | Kind<
      | 'account.created'
      | 'account.disabled'
      | 'account.enabled'
      | 'account.password_set'
      | 'account.password_removed'
      | 'account.updated'
      | 'account.email_changed'
      | 'account.email_verified'
      | 'account.password_change_required'
      | 'account.limits_reset'
      | 'account.locked'
      | 'account.unlocked'
      | 'account.expiry_set'
      | 'account.expired'
      | 'account.recovery_link_made'
      | 'account.recovered'
      | 'account.deleted',
      { by: string }
    >
  /** By the person themselves, at the account page; what it ended is told by `revocation`, too. */
  | Kind<'session.ended' | 'client.disconnected', { by: string }>
  | Kind<'account.terms_accepted', { by: string; version: string }>
  | Kind<'account.invited', { by: string; invitation: string }>
  | Kind<'account.hashes_exported', { by: string }>
  /** By the Management API of an Auth0 tenant: `by` may fetch a file of all. */
  | Kind<'people.exported', { by: string }>
  | Kind<'factor.added' | 'factor.removed', { factor: Factor; factorId?: string; by: string }>
  | Kind<'factor.used', { factor: Factor; factorId?: string | undefined }>
  | Kind<
      'factor.failed',
      { factor: Factor; reason: 'credentials' | 'used' | 'exhausted' | 'cloned' | 'disabled' }
    >
  /** So many checks failed that this path is blocked for a while. */
  | Kind<'factor.locked', { factor: Factor }>
  /** A user pool of those that take the place of Amazon Cognito. */
  | Kind<'pool.created' | 'pool.updated' | 'pool.deleted', { by: string; pool: string }>
  /** An organization of an Auth0 tenant; of the last two the account is who came or went. */
  | Kind<
      | 'organization.created'
      | 'organization.updated'
      | 'organization.deleted'
      | 'organization.invited'
      | 'organization.invitation_deleted'
      | 'organization.member_added'
      | 'organization.member_removed',
      { by: string; organization: string }
    >
  /** Of an Auth0 tenant. */
  | Kind<'connection.updated', { by: string; connection: string }>
  | Kind<'group.created' | 'group.deleted', { by: string; group: string }>
  /** Who came or went: the account, or else the group `member`. */
  | Kind<
      'group.member_added' | 'group.member_removed',
      { by: string; group: string; member?: string | undefined }
    >
  | Kind<
      'role.created' | 'role.updated',
      { by: string; role: string; api?: string | undefined; permissions: readonly string[] }
    >
  | Kind<'role.deleted', { by: string; role: string; api?: string | undefined }>
  /** Whose it is or was: the account's, or else the group's; `organization`: in whose name alone it counts. */
  | Kind<
      'role.given' | 'role.taken',
      {
        by: string;
        role: string;
        api?: string | undefined;
        group?: string | undefined;
        organization?: string | undefined;
      }
    >
  /** Of a person, without a role. */
  | Kind<'permission.given' | 'permission.taken', { by: string; permission: string; api: string }>
  | Kind<'key.generated' | 'key.imported' | 'key.retired', { kid: string; algorithm: string }>
  | Kind<'key.rotated', { algorithm: string; kid: string; immediately: boolean }>
  | Kind<'key.revoked', { kid: string; algorithm: string; reason: string }>
  | Kind<'key.restored', { algorithm: string; version: number }>
  | Kind<'key.resealed', { keys: number }>
  /** A letter that reached nobody; `code` is one of SMTP or of ours. */
  | Kind<'mail.given_up', { id: string; letter: string; code: string }>
  | Kind<'mail.retried', { letters: number; by: string }>
  | Kind<'mail.tested', { by: string; result: string }>
  /** A text message was queued. Of the number its last digits. */
  | Kind<'sms.queued', { purpose: string; number: string }>
  /** A text message was not: more than `limit` lets through. */
  | Kind<'sms.refused', { purpose: string; number: string; limit: string }>
  /** Events that nobody waited for and that had no room while the records did not answer. */
  | Kind<'audit.lost', { events: number }>
  /** The chain's events up to a number were too old to keep; `hash` is that of the last one taken away. */
  | Kind<'audit.cut', { upTo: number; hash: string }>;

/** What an operator reads back. */
export interface AuditedEvent {
  readonly node: string;
  readonly number: number;
  readonly at: number;
  readonly event: Json;
}

/** The record of what happened: typed events, one hash chain per node, into records. */
export interface Audit {
  /** Resolves once the event is durable. For sign-in, consent, revocation, client, account and key events. */
  record(event: AuditEvent): Promise<void>;
  /**
   * Takes the event into the next batch and returns at once: for token issuance. A node that is killed
   * loses what it noted within the last flush interval (1 s by default), and no more.
   */
  note(event: AuditEvent): void;
  /** Writes what was noted; part of draining. */
  flush(): Promise<void>;
  close(): Promise<void>;
}
