import type { PasswordOwner, PasswordProblem } from './password-review.ts';

/** Longer passwords are refused before any work is done on them. */
const PASSWORD_BYTES_MAX = 1024;

const ACCOUNT_ID = /^[A-Za-z0-9][A-Za-z0-9._~|:-]{0,254}$/;
const PASSWORD_HASH =
  /^\$argon2id\$v=19\$m=(?<memory>\d{1,7}),t=(?<passes>\d{1,2}),p=(?<lanes>\d{1,2})\$[A-Za-z0-9+/]{11,64}\$[A-Za-z0-9+/]{22,86}$/;
/** What one hash from elsewhere may cost: more would let a few of them occupy the machine. */
const MEMORY_KIB_MAX = 262_144;
const PASSES_MAX = 16;
const LANES_MAX = 16;

/** What Argon2id spends on one hash. */
export interface HashCost {
  readonly memoryKib: number;
  readonly iterations: number;
  readonly parallelism: number;
}

/** A `sub` (at most 255 ASCII characters, OpenID Connect Core section 2) that is no e-mail address. */
export function isAccountId(id: string): boolean {
  return ACCOUNT_ID.test(id);
}

/** An Argon2id hash as a PHC string, whose cost is one that this server is ready to pay. */
export function isPasswordHash(phc: string): boolean {
  const cost = costOf(phc);
  return (
    cost !== undefined &&
    cost.memoryKib <= MEMORY_KIB_MAX &&
    cost.memoryKib >= 8 * cost.parallelism &&
    within(cost.iterations, PASSES_MAX) &&
    within(cost.parallelism, LANES_MAX)
  );
}

function within(count: number, max: number): boolean {
  return count >= 1 && count <= max;
}

/** What a hash was made with; undefined: it is no Argon2id hash. */
export function costOf(phc: string): HashCost | undefined {
  const { memory, passes, lanes } = PASSWORD_HASH.exec(phc)?.groups ?? {};
  if (memory === undefined || passes === undefined || lanes === undefined) return undefined;
  return { memoryKib: Number(memory), iterations: Number(passes), parallelism: Number(lanes) };
}

/** One form for what looks the same, whatever keyboard it was typed on (RFC 8265, OpaqueString). */
export function normalizePassword(password: string): string {
  return password.normalize('NFC');
}

/** Too long to be looked at; such a password is nobody's. */
export function isPasswordTooLong(password: string): boolean {
  // The first test spares counting the bytes of a megabyte.
  return password.length > PASSWORD_BYTES_MAX || Buffer.byteLength(password) > PASSWORD_BYTES_MAX;
}

export interface PasswordRules {
  readonly charactersMin: number;
  readonly refuseCommon: boolean;
}

/**
 * Why `password` cannot be a new one, as far as that shows at a glance; undefined: it can. Length alone counts, there
 * are no rules about kinds of characters (NIST SP 800-63B section 3.1.1.2).
 */
export function passwordProblem(
  password: string,
  rules: PasswordRules,
  owner: PasswordOwner,
): PasswordProblem | undefined {
  if (isPasswordTooLong(password))
    return { key: 'password.tooLong', values: { max: PASSWORD_BYTES_MAX } };
  const text = normalizePassword(password);
  if (Array.from(text).length < rules.charactersMin)
    return { key: 'password.tooShort', values: { min: rules.charactersMin } };
  const folded = text.toLowerCase();
  return namesOf(owner).some((name) => isMadeOf(folded, name))
    ? { key: 'password.ownName', values: {} }
    : undefined;
}

/** A problem in words for operators. */
export function passwordProblemText({ key, values }: PasswordProblem): string {
  switch (key) {
    case 'password.tooShort':
      return `must be at least ${values['min']} characters long`;
    case 'password.tooLong':
      return `must be at most ${values['max']} bytes long`;
    case 'password.common':
      return 'is one that everybody guesses';
    case 'password.breached':
      return 'was found among leaked passwords';
    case 'password.ownName':
      return 'must not be the name or the e-mail address of the account';
  }
}

/** What a person is called, in lower case: what a password must not be made of. */
export function namesOf({ username, email, claims = {} }: PasswordOwner): readonly string[] {
  const { name, given_name: given, family_name: family, nickname } = claims;
  const texts = [username, email, email?.split('@')[0], name, given, family, nickname]
    .filter((one) => typeof one === 'string')
    .filter((one) => one !== '')
    .map((one) => normalizePassword(one).toLowerCase());
  return [...new Set([...texts, ...texts.map((one) => one.replaceAll(' ', ''))])];
}

/** The name itself, or it with digits behind. */
function isMadeOf(password: string, name: string): boolean {
  return password.startsWith(name) && /^\d*$/.test(password.slice(name.length));
}
