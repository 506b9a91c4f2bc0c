/** A NumericDate, seconds. */
type Time = number;
/** JSON kept as text, so that both engines hold the same bytes. */
type JsonText = string;
/** 0 or 1. */
type Flag = number;

/** People. */
export interface AccountTable {
  /** The `sub`: random, never reused, never an e-mail address. */
  readonly id: string;
  readonly username: string | null;
  /** `username` folded for look-up; unique. */
  readonly username_key: string | null;
  readonly email: string | null;
  /** `email` folded for look-up; unique. */
  readonly email_key: string | null;
  readonly email_verified: Flag;
  /** In the form of E.164, to sign in by; unique. Theirs for as long as `claims` has it as verified. */
  readonly phone: string | null;
  /** PHC string; null: no password set. */
  readonly password_hash: string | null;
  /** Standard claims (OpenID Connect Core section 5.1) but `sub`, `email`, `email_verified`, `updated_at`. */
  readonly claims: JsonText;
  /** Attributes of the installation: `roles`, `groups`, `department`, ... */
  readonly attributes: JsonText;
  /** May use the console of this installation. */
  readonly owner: Flag;
  readonly disabled_at: Time | null;
  readonly created_at: Time;
  readonly updated_at: Time;
  /** Where the row came from: `cli`, `config`, `self`. */
  readonly source: string;
  readonly expires_at: Time | null;
  /** When everybody was told that it has expired; null: not yet. */
  readonly expiry_told_at: Time | null;
  /** Locked by its owner ("this was not me") until it is recovered. */
  readonly locked_at: Time | null;
  /** 1: the next sign-in by password has to end with a new one. */
  readonly password_change: Flag | null;
  /** The terms that were accepted last. */
  readonly terms_version: string | null;
  readonly terms_accepted_at: Time | null;
}

/** Ids of accounts that were deleted: a `sub` is never given twice. */
export interface RetiredAccountTable {
  readonly id: string;
  readonly retired_at: Time;
}

/** Relying parties that were created by CLI or by dynamic registration. */
export interface ClientTable {
  readonly id: string;
  /** Registered metadata (RFC 7591 names), without any secret. */
  readonly metadata: JsonText;
  /** SHA-256 of the secret, or null for a client without one. */
  readonly secret_hash: string | null;
  /** The sealed secret, only for clients that authenticate by `client_secret_jwt`. */
  readonly secret_sealed: string | null;
  readonly secret_expires_at: Time | null;
  /** `cli`, `registration`. */
  readonly source: string;
  readonly created_at: Time;
  readonly updated_at: Time;
}

/** What a person allowed a client, remembered beyond any session. */
export interface ConsentTable {
  readonly account_id: string;
  readonly client_id: string;
  /** `{ openid: string[], resources: { [identifier]: string[] }, claims: string[], rejected: ... }`. */
  readonly allowed: JsonText;
  readonly granted_at: Time;
  readonly updated_at: Time;
}

/** What happened: one hash chain per node. */
export interface AuditTable {
  readonly node: string;
  /** From 1, without gaps, per node. */
  readonly number: number;
  readonly at: Time;
  readonly type: string;
  readonly account_id: string | null;
  readonly client_id: string | null;
  /** Where it came in, when that was not at the issuer's own origin. */
  readonly site: string | null;
  /** The whole event, canonical JSON: what `hash` covers. */
  readonly event: JsonText;
  readonly hash: string;
}

/** Revocations decided but not yet confirmed durable by the state engine. */
export interface RevocationOutboxTable {
  readonly id: string;
  readonly entry: JsonText;
  readonly created_at: Time;
}

/** Small facts of the installation: the store's id, the epoch. */
export interface InstallationTable {
  readonly name: string;
  readonly value: JsonText;
}

/** Groups of people. */
export interface AccountGroupTable {
  readonly name: string;
  /** Empty: none was given. */
  readonly description: string;
  /** `cli`, `config`. */
  readonly source: string;
  readonly created_at: Time;
}

/** Who is in a group. A row counts only while its group is there. */
export interface GroupMemberTable {
  readonly group_name: string;
  readonly member_kind: 'account' | 'group';
  /** The id of an account, or the name of a group. */
  readonly member_id: string;
  readonly source: string;
}

/** What may be done at an API, under one name. */
export interface RoleTable {
  /** The identifier of the API; empty: a role of the installation. */
  readonly api: string;
  readonly name: string;
  readonly description: string;
  /** A list of strings. */
  readonly permissions: JsonText;
  readonly source: string;
  readonly created_at: Time;
}

/** Who was given a role. A row counts only while its role, and a group that holds it, are there. */
export interface RoleHolderTable {
  readonly api: string;
  readonly role_name: string;
  /** `member:` and an organization: the account holds it where it acts in the name of that one. */
  readonly holder_kind: 'account' | 'group' | `member:${string}`;
  readonly holder_id: string;
  readonly source: string;
}

/** What one person may do at an API without a role. */
export interface AccountPermissionTable {
  readonly account_id: string;
  /** The identifier of the API. */
  readonly api: string;
  readonly name: string;
}

/** Letters to people: the queue, and for a while how each ended. */
export interface LetterTable {
  readonly id: string;
  readonly recipient: string;
  /** Which letter it is. */
  readonly name: string;
  /** What it reads, sealed; null once it has ended. */
  readonly content: string | null;
  readonly state: 'waiting' | 'sent' | 'failed';
  readonly created_at: Time;
  /** The milliseconds of it: in which order those of one second came. */
  readonly arrived_ms: number;
  readonly next_try_at: Time;
  /** When what it says no longer holds, or has waited for too long. */
  readonly gives_up_at: Time;
  /** Until then one node works on it; 0: none does. */
  readonly claimed_until: Time;
  readonly tries: number;
  readonly ended_at: Time | null;
  /** A code of SMTP or of ours, never a text of the server. */
  readonly last_error: string | null;
}

/** A call to a program of the operator that waits to be made. */
export interface HookCallTable {
  /** Also the `jti` of what is told. */
  readonly id: string;
  readonly url: string;
  readonly type: string;
  /** About whom, and what; no secrets. */
  readonly event: JsonText;
  readonly created_at: Time;
  readonly next_try_at: Time;
  /** When what it says no longer holds. */
  readonly gives_up_at: Time;
  /** Until then one node works on it; 0: none does. */
  readonly claimed_until: Time;
  readonly tries: number;
}

/** The name under which authenticators know a person. */
export interface FactorHolderTable {
  readonly account_id: string;
  /** Random, base64url: tells nothing of the person (WebAuthn level 3 section 14.6.1). */
  readonly user_handle: string;
}

/** Passkeys of people. */
export interface PasskeyTable {
  /** The credential id, base64url. */
  readonly id: string;
  readonly account_id: string;
  readonly name: string;
  /** COSE key, base64url. */
  readonly public_key: string;
  /** How often it signed, as it says itself; 0: it does not count. */
  readonly counter: number;
  readonly transports: JsonText;
  readonly aaguid: string;
  readonly backup_eligible: Flag;
  readonly backed_up: Flag;
  readonly created_at: Time;
  readonly last_used_at: Time | null;
}

/** Authenticator apps of people. */
export interface TotpTable {
  readonly account_id: string;
  /** Of which enrolment it is, so that none is finished twice. */
  readonly enrolment: string;
  readonly secret_sealed: string;
  /** The last step whose code was used, counted in 30 seconds since the epoch. */
  readonly last_step: number;
  readonly created_at: Time;
  readonly last_used_at: Time | null;
}

/** Recovery codes of people. */
export interface RecoveryCodeTable {
  readonly account_id: string;
  readonly code_hash: string;
  readonly used_at: Time | null;
}

/** Browsers that need not show the second factor again for a while. */
export interface RememberedDeviceTable {
  readonly id: string;
  readonly account_id: string;
  readonly token_hash: string;
  readonly user_agent: string | null;
  readonly created_at: Time;
  readonly last_used_at: Time;
  readonly expires_at: Time;
}

/** User pools that were made by the API. */
export interface CognitoPoolTable {
  readonly id: string;
  readonly settings: JsonText;
  readonly created_at: Time;
  readonly updated_at: Time;
}

/** Clients of pools that were made by the API. */
export interface CognitoClientTable {
  readonly id: string;
  readonly pool_id: string;
  readonly settings: JsonText;
  /** Null: a public client. */
  readonly secret_sealed: string | null;
  readonly created_at: Time;
  readonly updated_at: Time;
}

/** APIs that were made while the node ran. */
export interface ApiTable {
  readonly identifier: string;
  readonly settings: JsonText;
  readonly created_at: Time;
  readonly updated_at: Time;
}

/** What access tokens of a pool may name scopes of. */
export interface CognitoResourceServerTable {
  readonly pool_id: string;
  readonly identifier: string;
  readonly name: string;
  readonly scopes: JsonText;
}

/** Names under which pools are found by their hosted pages; each is one pool's. */
export interface CognitoDomainTable {
  readonly domain: string;
  readonly pool_id: string;
  /** A pool has one of each. */
  readonly kind: 'prefix' | 'custom';
  readonly settings: JsonText;
}

/** What a pool says of a group beside what the installation knows of it. */
export interface CognitoGroupTable {
  readonly pool_id: string;
  readonly name: string;
  /** Null: that of the group itself. */
  readonly description: string | null;
  readonly precedence: number | null;
  readonly role_arn: string | null;
  readonly updated_at: Time;
}

/** What a user pool knows of a user beside the account. */
export interface CognitoUserTable {
  readonly pool_id: string;
  readonly account_id: string;
  /** As applications see it: chosen, or the id of the account. */
  readonly username: string;
  /** What is typed to sign in, folded; unique in the pool. */
  readonly login_key: string;
  readonly status: 'UNCONFIRMED' | 'CONFIRMED' | 'RESET_REQUIRED';
  /** Custom attributes, and an address that has not been verified yet. */
  readonly attributes: JsonText;
  /** Whether the authenticator app is asked for, by the user's own choice; null: not chosen. */
  readonly software_token: Flag | null;
  /** Whether codes by e-mail are; null: not chosen. */
  readonly email_mfa: Flag | null;
  /** Whether codes by SMS are; null: not chosen. */
  readonly sms_mfa: Flag | null;
  /** By its name in the API; null: none. */
  readonly preferred_mfa: string | null;
  /** Hexadecimal; null: none until a password passes by in clear. */
  readonly srp_salt: string | null;
  readonly srp_verifier_sealed: string | null;
  /** How many passwords the account has had since: a verifier is written for one of them alone. */
  readonly password_number: number;
  readonly created_at: Time;
  readonly updated_at: Time;
}

/** What Auth0 tenants keep of a person beside the account. */
export interface Auth0UserTable {
  readonly account_id: string;
  /** What the person, or an application for them, put there. */
  readonly user_metadata: JsonText;
  /** What applications decide by, and the person cannot change. */
  readonly app_metadata: JsonText;
  readonly updated_at: Time;
}

/** An organization of an Auth0 tenant. Those that the configuration declares are in no table. */
export interface Auth0OrganizationTable {
  readonly id: string;
  readonly tenant: string;
  /** Lower case, once in a tenant. */
  readonly name: string;
  readonly display_name: string;
  readonly metadata: JsonText;
  readonly created_at: Time;
}

/** Who was put into an organization, a declared one, too. */
export interface Auth0OrganizationMemberTable {
  readonly organization_id: string;
  readonly account_id: string;
}

/** An invitation to an organization that nobody has accepted. */
export interface Auth0InvitationTable {
  readonly id: string;
  readonly organization_id: string;
  /** The application that people are led to. */
  readonly client_id: string;
  readonly email: string;
  readonly email_key: string;
  /** Who invites, as letters and pages name them. */
  readonly inviter: string;
  /** Ids of the roles that whoever accepts has there. */
  readonly roles: JsonText;
  /** Of what proves the invitation at /authorize. */
  readonly ticket_hash: string;
  readonly created_at: Time;
  readonly expires_at: Time;
}

/** Every table of the records engine, as `migrations/` makes them. */
export interface Tables {
  readonly account: AccountTable;
  readonly retired_account: RetiredAccountTable;
  readonly client: ClientTable;
  readonly consent: ConsentTable;
  readonly audit: AuditTable;
  readonly revocation_outbox: RevocationOutboxTable;
  readonly installation: InstallationTable;
  readonly letter: LetterTable;
  readonly hook_call: HookCallTable;
  readonly account_group: AccountGroupTable;
  readonly group_member: GroupMemberTable;
  readonly role: RoleTable;
  readonly role_holder: RoleHolderTable;
  readonly account_permission: AccountPermissionTable;
  readonly factor_holder: FactorHolderTable;
  readonly passkey: PasskeyTable;
  readonly totp: TotpTable;
  readonly recovery_code: RecoveryCodeTable;
  readonly remembered_device: RememberedDeviceTable;
  readonly cognito_pool: CognitoPoolTable;
  readonly cognito_client: CognitoClientTable;
  readonly cognito_user: CognitoUserTable;
  readonly cognito_resource_server: CognitoResourceServerTable;
  readonly cognito_domain: CognitoDomainTable;
  readonly cognito_group: CognitoGroupTable;
  readonly api: ApiTable;
  readonly auth0_user: Auth0UserTable;
  readonly auth0_organization: Auth0OrganizationTable;
  readonly auth0_organization_member: Auth0OrganizationMemberTable;
  readonly auth0_invitation: Auth0InvitationTable;
}
