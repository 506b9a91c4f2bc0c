/** A name that fits into claims, command lines and logs without being quoted. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._~:/@+-]{0,99}$/;
/** The same with single spaces: roles come from elsewhere with names such as `Support Agent`. */
const ROLE_NAME = /^(?=.{1,100}$)[A-Za-z0-9](?: ?[A-Za-z0-9._~:/@+-])*$/;
/** As scopes are written (RFC 6749 section 3.3). */
const PERMISSION = /^[\x21\x23-\x5B\x5D-\x7E]{1,200}$/;

/** What a name must be, in words. */
export const NAME_RULE = 'expected 1 to 100 letters, digits, or . _ ~ - : / @ +';
/** What the name of a role must be, in words. */
export const ROLE_NAME_RULE = `${NAME_RULE}, and single spaces between them`;
/** What a permission must be, in words. */
export const PERMISSION_RULE = 'expected a permission without spaces';
/** How many permissions one role may have. */
export const PERMISSIONS_MAX = 500;

/** Whether a group may be called so. */
export function isName(text: string): boolean {
  return NAME.test(text);
}

/** Whether a role may be called so. */
export function isRoleName(text: string): boolean {
  return ROLE_NAME.test(text);
}

/** Whether a permission may be called so. */
export function isPermission(text: string): boolean {
  return PERMISSION.test(text);
}
