const CHARACTERS_MAX = 60;
const ACTING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** Whether a passkey may be called so: 1 to 60 characters, none that acts rather than shows. */
export function isPasskeyName(name: string): boolean {
  const text = name.trim();
  return text !== '' && text.length <= CHARACTERS_MAX && !ACTING.test(text);
}
