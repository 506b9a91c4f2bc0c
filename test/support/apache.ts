import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './ports.ts';

const MODULES = '/usr/lib/apache2/modules';
const LOADED = [
  'mpm_event',
  'authn_core',
  'authz_core',
  'authz_user',
  'dir',
  'mime',
  'headers',
  'auth_openidc',
];

/** Debian's Apache with mod_auth_openidc in front of one protected page. */
export interface Apache {
  readonly url: string;
  readonly redirectUri: string;
  errors(): Promise<string>;
  stop(): Promise<void>;
}

export interface ApacheOptions {
  readonly port: number;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** The URLs of a server at `port`, to register the client before the server starts. */
export function apacheUrls(port: number): { url: string; redirectUri: string } {
  const url = `http://127.0.0.1:${port}/protected/`;
  return { url, redirectUri: `${url}redirect_uri` };
}

export { freePort as freeApachePort };

/** Starts Apache; a missing package fails with the line that installs it. */
export async function startApache(options: ApacheOptions): Promise<Apache> {
  if (!existsSync(`${MODULES}/mod_auth_openidc.so`)) {
    throw new Error(
      'Apache with mod_auth_openidc is missing: apt-get install -y apache2 libapache2-mod-auth-openidc',
    );
  }
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-apache-'));
  await chmod(folder, 0o755);
  await mkdir(join(folder, 'www/protected'), { recursive: true });
  await writeFile(join(folder, 'www/protected/index.html'), '<h1>Behind Apache</h1>');
  await writeFile(join(folder, 'httpd.conf'), configuration(folder, options));
  const child = spawn('apache2', ['-f', join(folder, 'httpd.conf'), '-DFOREGROUND'], {
    stdio: 'ignore',
  });
  const { url, redirectUri } = apacheUrls(options.port);
  const errors = (): Promise<string> => readFile(join(folder, 'error.log'), 'utf8');
  for (
    let tries = 0;
    !(await fetch(url, { redirect: 'manual' }).catch(() => undefined));
    tries += 1
  ) {
    if (tries > 200) throw new Error(`Apache does not answer:\n${await errors()}`);
    await delay(50);
  }
  return {
    url,
    redirectUri,
    errors,
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configuration(
  folder: string,
  { port, issuer, clientId, clientSecret }: ApacheOptions,
): string {
  const { redirectUri } = apacheUrls(port);
  return `
ServerRoot ${folder}
ServerName 127.0.0.1
PidFile ${folder}/httpd.pid
Listen 127.0.0.1:${port}
ErrorLog ${folder}/error.log
LogLevel auth_openidc:debug
${LOADED.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join('\n')}
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
TypesConfig /etc/mime.types
DocumentRoot ${folder}/www
DirectoryIndex index.html
OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration
OIDCClientID ${clientId}
OIDCClientSecret ${clientSecret}
OIDCRedirectURI ${redirectUri}
OIDCDefaultLoggedOutURL ${issuer}/
OIDCCryptoPassphrase latchkey-e2e-passphrase
OIDCPKCEMethod S256
OIDCScope "openid email profile offline_access"
OIDCAuthRequestParams prompt=consent
OIDCInfoHook userinfo id_token access_token refresh_token session
OIDCRefreshAccessTokenBeforeExpiry 10
<Location /protected>
  AuthType openid-connect
  Require valid-user
</Location>
`;
}
