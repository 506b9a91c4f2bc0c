import { z } from 'zod';
import { CONNECTION } from '../management/user-view.ts';
import { exactly } from '../management/exactly.ts';

const TEXT_MAX = 255;
const METADATA_MAX = 10;
const CLIENTS_MAX = 1000;

/** Of new passwords, for everybody. */
export interface PasswordRules {
  readonly charactersMin: number;
  readonly refuseCommon: boolean;
}

const only = <Value extends boolean>(value: Value, why: string): z.ZodLiteral<Value> =>
  z.literal(value, { error: `must be ${value}: ${why}` });

/** Settings of the connection that hold here: none asks more of a password than the installation does. */
function optionsFor({ charactersMin, refuseCommon }: PasswordRules): z.ZodType<object> {
  const dictionary = exactly({
    enable: refuseCommon ? z.boolean() : only(false, 'signIn.password.refuseCommon is off'),
    dictionary: z.array(z.string()).max(0, { error: 'must be empty: the list is the one here' }),
  });
  return exactly({
    disable_signup: z.boolean(),
    passwordPolicy: z.enum(['none', 'low'], {
      error: 'must be none or low: no kinds of characters are asked for here',
    }),
    password_complexity_options: exactly({
      min_length: z
        .int()
        .min(1)
        .max(charactersMin, {
          error: `may be ${charactersMin} at most (signIn.password.charactersMin)`,
        }),
    }).partial(),
    password_dictionary: dictionary.partial(),
    password_history: exactly({
      enable: only(false, 'no old passwords are kept'),
      size: z.int().min(0).max(24),
    }).partial(),
    password_no_personal_info: exactly({ enable: z.boolean() }),
    brute_force_protection: only(true, 'guesses are always counted'),
    requires_username: only(false, 'whoever signs up has an address'),
    import_mode: only(false, 'there is no database of yours behind it'),
    enabledDatabaseCustomization: only(false, 'there is no database of yours behind it'),
    disable_self_service_change_password: only(false, 'people recover as the installation says'),
    // Without effect: kept and told, since tools send them.
    strategy_version: z.int(),
    mfa: exactly({
      active: only(true, 'second factors are asked for as the installation says'),
      return_enroll_settings: z.boolean(),
    }).partial(),
  }).partial();
}

/** What a PATCH of the connection may say. */
export function connectionChanges(rules: PasswordRules): z.ZodType<ConnectionChanges> {
  return exactly({
    display_name: z.string().min(1).max(128),
    options: optionsFor(rules).nullable(),
    enabled_clients: z.array(z.string().max(TEXT_MAX)).max(CLIENTS_MAX).nullable(),
    is_domain_connection: z.boolean(),
    show_as_button: only(false, 'there is one way in, which has no button'),
    realms: z.array(z.literal(CONNECTION, { error: `is ${CONNECTION} alone` })).max(1),
    metadata: z
      .record(z.string().min(1).max(TEXT_MAX), z.string().max(TEXT_MAX))
      .refine((all) => Object.keys(all).length <= METADATA_MAX, {
        error: 'has too many properties',
      }),
  }).partial();
}

/** By the names of Auth0. */
export interface ConnectionChanges {
  readonly display_name?: string | undefined;
  readonly options?: object | null | undefined;
  readonly enabled_clients?: readonly string[] | null | undefined;
  readonly is_domain_connection?: boolean | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}
