/** Where somebody makes a new account within an interaction. */
export function joinPath(uid: string): string {
  return `/interaction/${uid}/join`;
}

/** Where whoever has forgotten a password is helped. */
export const RECOVER_PATH = '/recover';
