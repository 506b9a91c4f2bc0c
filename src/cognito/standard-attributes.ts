const TEXT = { type: 'String', min: 0, max: 2048 } as const;

/** Attributes that every pool has, in the order, the types and the limits of AWS. */
export const STANDARD_ATTRIBUTES = {
  sub: { type: 'String', min: 1, max: 2048, required: true, mutable: false },
  name: TEXT,
  given_name: TEXT,
  family_name: TEXT,
  middle_name: TEXT,
  nickname: TEXT,
  preferred_username: TEXT,
  profile: TEXT,
  picture: TEXT,
  website: TEXT,
  email: TEXT,
  email_verified: { type: 'Boolean' },
  gender: TEXT,
  birthdate: { type: 'String', min: 10, max: 10 },
  zoneinfo: TEXT,
  locale: TEXT,
  phone_number: TEXT,
  phone_number_verified: { type: 'Boolean' },
  address: TEXT,
  updated_at: { type: 'Number', min: 0 },
} as const satisfies Readonly<Record<StandardName, object>>;

/** Those that a pool may ask of everybody. */
export const REQUIRABLE = [
  'name',
  'given_name',
  'family_name',
  'middle_name',
  'nickname',
  'preferred_username',
  'profile',
  'picture',
  'website',
  'email',
  'gender',
  'birthdate',
  'zoneinfo',
  'locale',
  'phone_number',
  'address',
] as const;

export const STANDARD_NAMES = [
  ...REQUIRABLE,
  'sub',
  'email_verified',
  'phone_number_verified',
  'updated_at',
] as const;
export type StandardName = (typeof STANDARD_NAMES)[number];
