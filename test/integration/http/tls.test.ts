import { createHash, X509Certificate } from 'node:crypto';
import { chmod, copyFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openCertificate } from '../../../src/http/certificate.ts';
import { openDevCertificate } from '../../../src/http/dev-authority.ts';
import { openViews } from '../../../src/http/views.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createKeptLog, openHost, PLAIN_THEME, VIEWS_FOLDER } from '../../support/pages-host.ts';
import { freePort } from '../../support/ports.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-tls-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A certificate with its key, as an operator would put them there. */
async function writePair(name: string): Promise<{ certificateFile: string; keyFile: string }> {
  const { cert, key } = await openDevCertificate(join(folder, name), 'id.example.com', systemClock);
  const [certificateFile, keyFile] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  await writeFile(certificateFile, cert);
  await writeFile(keyFile, key, { mode: 0o600 });
  return { certificateFile, keyFile };
}

function statusOver(port: number, ca: Buffer, servername = 'localhost'): Promise<number> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', servername, ca, path: '/livez', agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    }).on('error', reject);
  });
}

function fingerprintAt(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect(
      { port, host: '127.0.0.1', rejectUnauthorized: false },
      () => {
        resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? '');
        socket.destroy();
      },
    ).on('error', reject);
  });
}

async function openTlsHost(
  tls: object,
): Promise<{ port: number; close: () => Promise<void>; authorityFile: string | undefined }> {
  const port = await freePort();
  const views = await openViews({ folder: VIEWS_FOLDER, theme: PLAIN_THEME, languages: [] });
  const { close } = await openHost({
    issuer: `https://localhost:${port}`,
    port,
    views,
    settings: { tls },
    overrides: { keysFolder: folder },
  });
  return { port, close, authorityFile: join(folder, 'dev-authority.crt') };
}

describe('a certificate from files', () => {
  test('is taken up anew when both files have changed, without a restart', async () => {
    const [first, second] = [await writePair('first'), await writePair('second')];
    const { port, close } = await openTlsHost({ from: 'files', ...first, reloadEvery: '1s' });
    const before = await fingerprintAt(port);
    await copyFile(second.certificateFile, first.certificateFile);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await fingerprintAt(port)).toBe(before);
    await copyFile(second.keyFile, first.keyFile);
    const renewed = new X509Certificate(await readFile(second.certificateFile)).fingerprint256;
    await expect.poll(() => fingerprintAt(port)).toBe(renewed);
    await close();
  });

  test('is refused when its key may be read by anyone, is another’s, or is not there', async () => {
    const [first, second] = [await writePair('first'), await writePair('second')];
    const open = (files: object): Promise<unknown> =>
      openCertificate({ ...first, reloadEvery: 60, ...files }, createKeptLog());
    const bad = { code: 'ERR_BAD_CERTIFICATE' };
    await expect(open({ keyFile: second.keyFile })).rejects.toMatchObject(bad);
    await expect(open({ certificateFile: join(folder, 'absent') })).rejects.toMatchObject(bad);
    await chmod(first.keyFile, 0o644);
    await expect(open({})).rejects.toThrow(/chmod 600/);
  });
});

describe('the dev authority', () => {
  test('vouches for this machine, and its key is for the owner alone', async () => {
    const { port, close, authorityFile = '' } = await openTlsHost({ from: 'dev-ca' });
    const ca = await readFile(authorityFile);
    expect(await statusOver(port, ca, 'localhost')).toBe(200);
    expect((await stat(join(folder, 'dev-authority.key'))).mode & 0o777).toBe(0o600);
    await close();
  });

  test('is kept from one start to the next, and made anew before it ends', async () => {
    const clock = createFakeClock();
    const authority = async (): Promise<string> => {
      const { authorityFile } = await openDevCertificate(folder, 'localhost', clock);
      return createHash('sha256')
        .update(await readFile(authorityFile))
        .digest('hex');
    };
    const first = await authority();
    expect(await authority()).toBe(first);
    clock.advance(9 * 365 * 86_400);
    expect(await authority()).not.toBe(first);
  });

  test('is an authority, and its certificates are none, for the names of this machine', async () => {
    const { cert, authorityFile } = await openDevCertificate(folder, 'dev.example', systemClock);
    const leaf = new X509Certificate(cert);
    const authority = new X509Certificate(await readFile(authorityFile));
    expect([leaf.ca, authority.ca]).toEqual([false, true]);
    expect(leaf.checkIssued(authority) && leaf.verify(authority.publicKey)).toBe(true);
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(leaf.subjectAltName?.split(', ')).toEqual([
      'DNS:dev.example',
      'DNS:localhost',
      'IP Address:127.0.0.1',
      'IP Address:0:0:0:0:0:0:0:1',
    ]);
  });
});
