/** A name of a group or a role that fits into claims, command lines and logs without being quoted. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._~:/@+-]{0,99}$/;
/** As scopes are written (RFC 6749 section 3.3). */
const PERMISSION = /^[\x21\x23-\x5B\x5D-\x7E]{1,200}$/;

/** What a name must be, in words. */
export const NAME_RULE = 'expected 1 to 100 letters, digits, or . _ ~ - : / @ +';
/** What a permission must be, in words. */
export const PERMISSION_RULE = 'expected a permission without spaces';
/** How many permissions one role may have. */
export const PERMISSIONS_MAX = 500;

/** Whether a group or a role may be called so. */
export function isName(text: string): boolean {
  return NAME.test(text);
}

/** Whether a permission may be called so. */
export function isPermission(text: string): boolean {
  return PERMISSION.test(text);
}
