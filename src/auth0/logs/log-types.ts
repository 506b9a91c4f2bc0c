import { z } from 'zod';
import type { AuditEvent } from '../../audit/audit.ts';
import { GRANT } from '../authentication/names.ts';
import type { LogType } from './log-descriptions.ts';

/** An event of the audit, as far as a log tells of it. */
export const loggedEvent = z.object({
  type: z.string(),
  origin: z.object({ address: z.string(), userAgent: z.string().optional() }),
  accountId: z.string().optional(),
  clientId: z.string().optional(),
  by: z.string().optional(),
  reason: z.string().optional(),
  login: z.string().optional(),
  grantType: z.string().optional(),
  factor: z.string().optional(),
});
export type LoggedEvent = z.output<typeof loggedEvent>;

/** Types of the audit that may come to one of `codes`; left out: to any. */
export function auditTypesOf(codes?: readonly string[]): readonly AuditEvent['type'][] {
  const wanted = codes && new Set(codes.map((code) => code.toLowerCase()));
  return RULES.filter(
    ([, rule]) => wanted === undefined || rule.codes.some((code) => wanted.has(code)),
  ).map(([type]) => type);
}

/** What Auth0 calls `event`; undefined: it has no word for it. */
export function logTypeOf(event: LoggedEvent): LogType | undefined {
  return RULES.find(([type]) => type === event.type)?.[1].of(event);
}

/** The client that had it done by the Management API; undefined: it came to be otherwise. */
export function managerOf({ by = '' }: Pick<LoggedEvent, 'by'>): string | undefined {
  return /^management:(?<clientId>.+)$/s.exec(by)?.groups?.['clientId'];
}

/** Which codes an event may come to, and which it does. */
interface Rule {
  readonly codes: readonly LogType[];
  of(event: LoggedEvent): LogType;
}

const SUCCESS: Readonly<Record<string, LogType>> = {
  authorization_code: 'seacft',
  client_credentials: 'seccft',
  refresh_token: 'sertft',
  'urn:ietf:params:oauth:grant-type:device_code': 'sede',
  [GRANT.password]: 'sepft',
  [GRANT.passwordRealm]: 'sepft',
  [GRANT.passwordlessOtp]: 'sepft',
  [GRANT.mfaOtp]: 'seotpft',
  [GRANT.mfaRecoveryCode]: 'sercft',
};
const FAILURE: Readonly<Record<string, LogType>> = {
  authorization_code: 'feacft',
  client_credentials: 'feccft',
  refresh_token: 'fertft',
  'urn:ietf:params:oauth:grant-type:device_code': 'fede',
  [GRANT.password]: 'fepft',
  [GRANT.passwordRealm]: 'fepft',
  [GRANT.passwordlessOtp]: 'fepft',
  [GRANT.mfaOtp]: 'feotpft',
  [GRANT.mfaRecoveryCode]: 'fercft',
};
/** What is done by the Management API, or by code of the operator in its place. */
const OPERATIONS: readonly AuditEvent['type'][] = [
  'account.updated',
  'account.disabled',
  'account.enabled',
  'account.unlocked',
  'account.limits_reset',
  'api.created',
  'api.updated',
  'api.deleted',
  'client.created',
  'client.updated',
  'client.deleted',
  'client.secret_rotated',
  'connection.updated',
  'organization.created',
  'organization.updated',
  'organization.deleted',
  'organization.invited',
  'organization.invitation_deleted',
  'organization.member_added',
  'organization.member_removed',
  'people.exported',
  'permission.given',
  'permission.taken',
  'role.created',
  'role.updated',
  'role.deleted',
  'role.given',
  'role.taken',
];

/** What Auth0 has a code for. Whatever else happened is in the audit alone. */
const RULES: readonly (readonly [AuditEvent['type'], Rule])[] = [
  ['sign_in.succeeded', always('s')],
  ['sign_in.failed', { codes: ['f', 'fp', 'fu', 'limit_wc'], of: failedLogin }],
  ['sign_out', always('slo')],
  ['action.refused', always('f')],
  ['device.refused', always('fdecc')],
  ['token.issued', exchanged(SUCCESS, 'seacft')],
  ['token.refused', exchanged(FAILURE, 'f')],
  ['token.reused', always('ferrt')],
  ['client.authentication_failed', exchanged(FAILURE, 'f')],
  ['account.created', unlessManaged('ss')],
  ['account.deleted', unlessManaged('sdu')],
  ['account.password_set', always('scp')],
  ['account.recovery_link_made', always('scpr')],
  ['account.email_changed', always('sce')],
  ['account.email_verified', always('sv')],
  ['factor.added', always('gd_enrollment_complete')],
  ['factor.removed', always('gd_unenroll')],
  ['factor.used', byFactor('gd_auth_succeed', 'gd_recovery_succeed')],
  ['factor.failed', byFactor('gd_auth_failed', 'gd_recovery_failed')],
  ['factor.locked', byFactor('gd_otp_rate_limit_exceed', 'gd_recovery_rate_limit_exceed')],
  ...OPERATIONS.map((type) => [type, always('sapi')] as const),
];

function always(code: LogType): Rule {
  return { codes: [code], of: () => code };
}

/** `otherwise`: of grants that Auth0 does not know, and of what was at another endpoint. */
function exchanged(codes: Readonly<Record<string, LogType>>, otherwise: LogType): Rule {
  return {
    codes: [...new Set([...Object.values(codes), otherwise])],
    of: ({ grantType = '' }) => codes[grantType] ?? otherwise,
  };
}

function unlessManaged(code: LogType): Rule {
  return {
    codes: [code, 'sapi'],
    of: (event) => (managerOf(event) === undefined ? code : 'sapi'),
  };
}

function byFactor(code: LogType, ofRecovery: LogType): Rule {
  return {
    codes: [code, ofRecovery],
    of: ({ factor }) => (factor === 'recovery_code' ? ofRecovery : code),
  };
}

function failedLogin({ reason, accountId }: LoggedEvent): LogType {
  if (reason === 'throttled') return 'limit_wc';
  if (reason !== 'credentials') return 'f';
  return accountId === undefined ? 'fu' : 'fp';
}
