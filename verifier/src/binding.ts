import { certificateThumbprint } from './certificate.ts';
import type { AccessTokenClaims } from './claims.ts';
import { createProofCheck } from './dpop.ts';
import { ProofInvalid } from './errors.ts';
import type { Presentation } from './presentation.ts';
import type { Settings } from './settings.ts';

/** Whether a token came with proof of the key it is bound to. */
export interface BindingCheck {
  /** Undefined: it is bound to none, and did not claim to be. @throws {ProofInvalid} (the promise) */
  check(
    token: string,
    claims: AccessTokenClaims,
    presentation: Presentation | undefined,
  ): Promise<void> | undefined;
}

/** RFC 9449 section 7, RFC 8705 section 3. A bound token without proof of its key is what a thief has. */
export function createBindingCheck(settings: Settings, nowMs: () => number): BindingCheck {
  const proofs = createProofCheck(settings, nowMs);

  async function checkBound(
    token: string,
    cnf: unknown,
    presentation: Presentation | undefined,
  ): Promise<void> {
    if (presentation === undefined) throw new ProofInvalid('the token is bound to a key');
    const { scheme, request } = presentation;
    const confirmations = Object.entries(cnf ?? {});
    // To call a bearer token bound would make its client believe that it is safe.
    if ((scheme === 'DPoP') !== confirmations.some(([name]) => name === 'jkt')) {
      throw new ProofInvalid(`the token must not come as ${scheme}`);
    }
    for (const [name, value] of confirmations) {
      const proven = await thumbprintOf(name, token, request);
      if (proven === undefined || proven !== value) {
        throw new ProofInvalid('the token is bound to another key');
      }
    }
    if (confirmations.length === 0) throw new ProofInvalid('the token is bound to nothing known');
  }

  async function thumbprintOf(
    name: string,
    token: string,
    request: Presentation['request'],
  ): Promise<string | undefined> {
    if (name === 'jkt') return proofs.thumbprint(token, request);
    if (name === 'x5t#S256') return certificateThumbprint(request, settings.certificateHeader);
    // A way of binding that is not known here cannot be proven.
    return undefined;
  }

  return {
    check(token, { payload: { cnf } }, presentation) {
      if (cnf === undefined && presentation?.scheme !== 'DPoP') return undefined;
      return checkBound(token, cnf, presentation);
    },
  };
}
