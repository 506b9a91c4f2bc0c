// An API in a process of its own, that can be stopped: verifies each line it reads and says what became of it.
import { createInterface } from 'node:readline';
import { createVerifier, VerificationError } from '../../../verifier/src/index.ts';

const [issuer = '', audience = ''] = process.argv.slice(2);
const verifier = createVerifier({ issuer, audience, revocation: { whenSilent: 'refuse' } });

createInterface({ input: process.stdin }).on('line', (token) => {
  void verifier.verify(token).then(
    () => process.stdout.write('accepted\n'),
    (error: unknown) => {
      process.stdout.write(`${error instanceof VerificationError ? error.code : 'failed'}\n`);
    },
  );
});
