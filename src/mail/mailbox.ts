const CHARACTERS_MAX = 254;
const LOCAL_MAX = 64;
/** No white space, nothing that separates addresses or acts in a header, one `@`. */
const MAILBOX = /^[^\s\p{C}@<>()[\]\\,;:"]+@[^\s\p{C}@<>()[\]\\,;:"]+$/u;
const DOMAIN = /^(?!-)[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*$/u;

/**
 * True: one address to which a letter can be sent, of at most 254 characters (RFC 5321 section 4.5.3.1). Quoted local parts
 * and address literals are refused: nobody has them, and each is a way to smuggle a second recipient.
 */
export function isMailbox(text: string): boolean {
  if (text.length > CHARACTERS_MAX || !MAILBOX.test(text)) return false;
  const [local = '', domain = ''] = text.split('@');
  return local.length <= LOCAL_MAX && DOMAIN.test(domain);
}
