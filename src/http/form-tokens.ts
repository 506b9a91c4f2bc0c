import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { LatchkeyError } from '../runtime/errors.ts';
import { equalSecrets } from '../runtime/digest.ts';

/** A form without the token that our page gave it. */
export class ForgedForm extends LatchkeyError {
  readonly code = 'ERR_BAD_FORM';
}

/**
 * Ties a form to the interaction or the session that its page was shown in, which a cookie ties to the browser. A keyed
 * digest, so that nothing is kept and every node can check what another gave out.
 */
export interface FormTokens {
  issue(uid: string): string;
  /** @throws {ForgedForm} */
  check(uid: string, token: string | undefined): void;
}

/**
 * `secrets`: the same on every node of the installation, for this purpose alone. The first issues, each is
 * believed: a page may come from a node that has them in another order, while they are changed.
 */
export function createFormTokens(secrets: readonly [Uint8Array, ...Uint8Array[]]): FormTokens {
  const [first, ...others] = secrets;
  const issuing = createSecretKey(first);
  const believed = [issuing, ...others.map((secret) => createSecretKey(secret))];
  return {
    issue: (uid) => tokenBy(issuing, uid),
    check(uid, token) {
      if (!believed.some((key) => equalSecrets(tokenBy(key, uid), token ?? '')))
        throw new ForgedForm('a form without the token of its page');
    },
  };
}

function tokenBy(key: KeyObject, uid: string): string {
  return createHmac('sha256', key).update(`form:${uid}`).digest('base64url');
}
