import { describe, expect, test } from 'vitest';
import { protocolConfig } from '../../../src/provider/features/config.ts';
import { joinAnnouncements } from '../../../src/provider/features/feature.ts';
import { openHouse } from '../../support/provider-house.ts';

async function discovered(protocol: object): Promise<{
  readonly metadata: Record<string, unknown>;
  readonly pushStatus: number;
}> {
  const house = await openHouse({ protocol });
  try {
    const response = await fetch(`${house.issuer}/.well-known/openid-configuration`);
    const metadata = (await response.json()) as Record<string, unknown>;
    const pushed = await fetch(`${house.issuer}/par`, { method: 'POST' });
    return { metadata, pushStatus: pushed.status };
  } finally {
    await house.close();
  }
}

describe('parts of the protocol', () => {
  test('that are on are announced and served', async () => {
    const { metadata, pushStatus } = await discovered({});
    expect(metadata['pushed_authorization_request_endpoint']).toMatch(/\/par$/);
    expect(metadata['dpop_signing_alg_values_supported']).toContain('ES256');
    expect(pushStatus).toBe(400);
  });

  test('that are off are neither', async () => {
    const { metadata, pushStatus } = await discovered({
      pushedRequests: { enabled: false },
      dpop: { enabled: false },
    });
    expect(metadata).not.toHaveProperty('pushed_authorization_request_endpoint');
    expect(metadata).not.toHaveProperty('dpop_signing_alg_values_supported');
    expect(pushStatus).toBe(404);
  });

  test('announce lists together, and anything else alone', () => {
    const own = { issuer: 'https://id.example.com', grant_types_supported: ['authorization_code'] };
    const joined = joinAnnouncements(own, [
      { announced: { grant_types_supported: ['device_code', 'authorization_code'] } },
      { announced: { device_authorization_endpoint: 'https://id.example.com/device/authorize' } },
    ]);
    expect(joined).toEqual({
      issuer: 'https://id.example.com',
      grant_types_supported: ['authorization_code', 'device_code'],
      device_authorization_endpoint: 'https://id.example.com/device/authorize',
    });
    expect(() => joinAnnouncements(own, [{ announced: { issuer: 'https://other' } }])).toThrow(
      'two parts of the protocol announce issuer',
    );
  });

  test('that are off cannot be demanded', () => {
    const read = protocolConfig.safeParse({ pushedRequests: { enabled: false, required: true } });
    expect(read.error?.issues[0]).toMatchObject({
      path: ['pushedRequests', 'required'],
      message: 'needs protocol.pushedRequests.enabled',
    });
  });
});
