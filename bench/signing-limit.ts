import { constants, generateKeyPairSync, sign } from 'node:crypto';

/** What one core can sign in a second at the very most, by the runtime's own crypto and nothing around it. */
export function signingLimits(milliseconds: number): {
  readonly rs256: number;
  readonly es256: number;
} {
  const payload = Buffer.alloc(400, 'a');
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  return {
    rs256: perCpuSecond(milliseconds, () =>
      sign('sha256', payload, { key: rsa, padding: constants.RSA_PKCS1_PADDING }),
    ),
    es256: perCpuSecond(milliseconds, () =>
      sign('sha256', payload, { key: p256, dsaEncoding: 'ieee-p1363' }),
    ),
  };
}

function perCpuSecond(milliseconds: number, work: () => void): number {
  const before = process.cpuUsage();
  const endsAt = performance.now() + milliseconds;
  let count = 0;
  while (performance.now() < endsAt) {
    work();
    count += 1;
  }
  const { user, system } = process.cpuUsage(before);
  return (count * 1e6) / (user + system);
}
