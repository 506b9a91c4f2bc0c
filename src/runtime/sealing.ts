import { LatchkeyError } from './errors.ts';

/** Encrypts what must not lie in a store in clear: AES-256-GCM under the installation's master key. */
export interface Sealer {
  /** `context` (what the secret is for: `signing-key RS256 <kid>`) is authenticated, not kept. */
  seal(plain: Uint8Array, context: string): string;
  /** @throws {SealBroken} when the text was changed, cut, or sealed for another context or under an unknown master key. */
  open(sealed: string, context: string): Uint8Array;
}

/** What was sealed cannot be opened. */
export class SealBroken extends LatchkeyError {
  readonly code = 'ERR_SEAL_BROKEN';
}
