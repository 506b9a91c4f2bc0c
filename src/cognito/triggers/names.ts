/** Triggers, by the names that `LambdaConfig` has for them. */
export const TRIGGERS = [
  'PreSignUp',
  'PostConfirmation',
  'PreAuthentication',
  'PostAuthentication',
  'PreTokenGeneration',
  'CustomMessage',
  'UserMigration',
] as const;
export type TriggerName = (typeof TRIGGERS)[number];

/** What `PreTokenGeneration` is given, and may change. */
export const TOKEN_VERSIONS = ['V1_0', 'V2_0', 'V3_0'] as const;
export type TokenVersion = (typeof TOKEN_VERSIONS)[number];
