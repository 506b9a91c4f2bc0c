import { decodeJwt } from 'jose';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { thumbprintOf, type Issued } from '../../support/certificates.ts';
import { createOpenidClient } from '../../support/relying-parties/openid-client.ts';
import {
  HEADER,
  kiosk,
  openCertificateProxy,
  stranger,
  till,
  type CertificateProxy,
} from './certificate-holders.ts';
import { API, CALLBACK, type House } from './house.ts';
import { timeUntil } from '../../support/time-until.ts';

type Form = Readonly<Record<string, string>>;
type Answer = Awaited<ReturnType<CertificateProxy['ask']>>;

const bindingTo = ({ cert }: Issued): object => ({ 'x5t#S256': thumbprintOf(cert) });
const tokenOf = ({ body }: Answer): string => String(body['access_token']);
const HOLDERS: readonly [string, string, Issued][] = [
  ['tls_client_auth', 'till', till],
  ['self_signed_tls_client_auth', 'kiosk', kiosk],
];

/** Certificates that one proxy hands on to both nodes (RFC 8705). */
export function testCertificates(house: () => House): void {
  describe('behind a proxy that takes the certificates of clients', () => {
    let proxy: CertificateProxy;
    beforeAll(async () => {
      const { issuer, nodes } = house();
      proxy = await openCertificateProxy({ issuer, ports: nodes.map(({ port }) => port) });
    });
    afterAll(async () => await proxy?.close());

    /** A request with a header that no proxy wrote, from an address that is not listed. */
    async function forge(
      node: number,
      path: string,
      request: { readonly as: Issued; readonly form?: Form; readonly token?: string },
    ): Promise<number> {
      const { as, form, token } = request;
      const response = await house().ways[node]?.fetch(`${house().issuer}${path}`, {
        headers: {
          [HEADER]: encodeURIComponent(as.cert),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        ...(form && { method: 'POST', body: new URLSearchParams(form) }),
      });
      return response?.status ?? 0;
    }

    test.each(HOLDERS)('know a client by %s, each of them', async (_, id, holder) => {
      const form = { grant_type: 'client_credentials', client_id: id, resource: API };
      for (const node of [0, 1]) {
        const ask = (shows?: Issued): Promise<Answer> => proxy.ask(node, '/token', { form, shows });
        const token = tokenOf(await ask(holder));
        expect(decodeJwt(token)['cnf']).toEqual(bindingTo(holder));
        expect((await ask(stranger)).status).toBe(401);
        expect((await ask()).status).toBe(401);
        expect(await forge(node, '/token', { form, as: holder })).toBe(401);
        expect(await house().isActiveAt(1 - node, token)).toBe(true);
        const taken = { form: { client_id: id, token }, shows: holder };
        expect(await proxy.ask(1 - node, '/revoke', taken)).toMatchObject({ status: 200 });
        const isOver = async (): Promise<boolean> => !(await house().isActiveAt(node, token));
        expect(await timeUntil(isOver)).toBeLessThan(1000);
      }
    });

    test('take the tokens that the other bound to a certificate with that certificate alone', async () => {
      const [way] = house().ways;
      const wallet = await createOpenidClient({
        issuer: house().issuer,
        id: 'wallet',
        redirectUri: CALLBACK,
        authentication: client.None(),
        ...(way && { fetch: way.fetch }),
      });
      const { url, checks } = await wallet.authorize(house().agent());
      const redeemed = await proxy.ask(0, '/token', {
        shows: kiosk,
        form: {
          grant_type: 'authorization_code',
          client_id: 'wallet',
          code: url.searchParams.get('code') ?? '',
          redirect_uri: CALLBACK,
          code_verifier: checks.pkceCodeVerifier ?? '',
        },
      });
      const token = tokenOf(redeemed);
      const told = (shows?: Issued): Promise<Answer> =>
        proxy.ask(1, '/userinfo', { shows, headers: { authorization: `Bearer ${token}` } });
      expect((await told(kiosk)).body).toMatchObject({ email: 'alice@example.com' });
      for (const shows of [till, undefined]) expect((await told(shows)).status).toBe(401);
      expect(await forge(1, '/userinfo', { as: kiosk, token })).toBe(401);

      const form = {
        grant_type: 'refresh_token',
        client_id: 'wallet',
        refresh_token: String(redeemed.body['refresh_token']),
      };
      const refresh = (shows?: Issued): Promise<Answer> => proxy.ask(1, '/token', { form, shows });
      for (const shows of [till, undefined]) expect((await refresh(shows)).status).toBe(400);
      expect(await forge(1, '/token', { form, as: kiosk })).toBe(400);
      expect(decodeJwt(tokenOf(await refresh(kiosk)))['cnf']).toEqual(bindingTo(kiosk));
    });
  });
}
