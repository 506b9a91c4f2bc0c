import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLane } from '../../bench/lane.ts';
import { basic, signIn } from '../../bench/browser-flow.ts';
import { createVerifier, type Verifier } from '../../verifier/src/index.ts';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { PATIENT_REDIS, startRedis } from '../support/redis.ts';
import { timeUntil } from '../support/time-until.ts';
import { verdictOn } from '../support/verdict.ts';

const run = promisify(execFile);
const COMMAND = fileURLToPath(new URL('../../latchkey.mjs', import.meta.url));
const SECTORS = ['one.example', 'two.example', 'three.example'];
const ALICE = { login: 'alice@example.com', password: 'latchkey-dev' };
const API = 'https://api.example.com';

const clientIn = (
  sector: string,
): { readonly id: string; readonly secret: string; readonly redirectUri: string } => ({
  id: `app-${sector}`,
  secret: `secret-of-${sector}-0123456789abcdef0123456789`,
  redirectUri: `https://${sector}/callback`,
});

const settings = {
  protocol: { pairwiseSubjects: { enabled: true } },
  revocation: { feed: { public: true } },
  apis: [{ identifier: API, name: 'API', scopes: { read: 'Read' } }],
  clients: SECTORS.map(clientIn).map(({ id, secret, redirectUri }) => ({
    id,
    secretInClear: secret,
    redirectUris: [redirectUri],
    subjectType: 'pairwise',
    firstParty: true,
  })),
};

describe.each(['embedded', 'redis'])(
  'people whom each sector knows by another name, on %s',
  (engine) => {
    let latchkey: Latchkey;
    let verifier: Verifier;
    let stop = (): Promise<void> => Promise.resolve();

    beforeAll(async () => {
      const redis = engine === 'redis' ? await startRedis() : undefined;
      if (redis) stop = () => redis.stop();
      const state = redis && { engine: 'redis', redis: { url: redis.url, ...PATIENT_REDIS } };
      const storage = state && { state };
      latchkey = await startLatchkey({ settings: { ...settings, ...(storage && { storage }) } });
      verifier = createVerifier({
        issuer: latchkey.issuer,
        audience: latchkey.issuer + '/userinfo',
        revocation: { whenSilent: 'refuse' },
      });
    });
    afterAll(async () => {
      verifier.close();
      await latchkey.kill();
      await latchkey.clean();
      await stop();
    });

    async function tokenIn(sector: string): Promise<string> {
      const lane = createLane(latchkey.issuer);
      const tokens = await signIn(lane, { client: clientIn(sector), ...ALICE });
      await lane.close();
      return tokens.access_token;
    }

    test('are refused in all sectors once everything of them was taken back', async () => {
      const tokens = await Promise.all(SECTORS.map(tokenIn));
      const subs = tokens.map((token) => decodeJwt(token).sub);
      expect(new Set(subs).size).toBe(SECTORS.length);
      for (const token of tokens) await verdictOn(verifier, token);
      const before = feedEntries();
      const revoke = ['revoke', 'person', ALICE.login, '--config', latchkey.configFile];
      await run(process.execPath, [COMMAND, ...revoke], { cwd: latchkey.folder });
      for (const [index, token] of tokens.entries()) {
        const isRefused = (): Promise<boolean> =>
          verifier.verify(token).then(
            () => false,
            () => true,
          );
        expect(await timeUntil(isRefused)).toBeLessThan(1000);
        const client = clientIn(SECTORS[index] ?? '');
        const lane = createLane(latchkey.issuer);
        const seen = await lane.request('/introspect', {
          method: 'POST',
          headers: basic(client),
          form: { token },
        });
        await lane.close();
        expect(JSON.parse(seen.body)).toEqual({ active: false });
      }
      // One for the name that all know, and one for each sector.
      await expect.poll(() => feedEntries() - before).toBe(1 + SECTORS.length);
    });

    function feedEntries(): number {
      return verifier.status().number;
    }
  },
);
