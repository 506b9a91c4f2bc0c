const CHARACTERS_MAX = 60;
const ACTING = /[\p{C}\p{Zl}\p{Zp}\s]+/gu;
/** Between letters it would make a mail program show a link, or an address. */
const LINKING = /(?<=[^\s])[.:/@](?=[^\s])/gu;
/** A character without width that no link goes across. */
const WORD_JOINER = '\u2060';

/**
 * A name that somebody chose, as a letter of ours may show it: on one line, not long, and with nothing in it that a mail
 * program would turn into a link. Who invites, or names an app, could else write letters of their own in our name.
 */
export function harmlessName(name: string): string {
  const line = name.replaceAll(ACTING, ' ').trim();
  const short = Array.from(line).slice(0, CHARACTERS_MAX).join('');
  return (short === line ? line : `${short}…`).replaceAll(
    LINKING,
    (character) => character + WORD_JOINER,
  );
}
