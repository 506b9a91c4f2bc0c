import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.ts';
import { startProcess, untilReady } from './server-process.ts';

const MODULES = '/usr/lib/apache2/modules';
const HINT =
  'Apache with mod_auth_openidc is missing: apt-get install -y apache2 libapache2-mod-auth-openidc';
const LOADED = [
  'mpm_event',
  'authn_core',
  'authz_core',
  'authz_user',
  'dir',
  'mime',
  'include',
  'auth_openidc',
];
const PAGE = `<!doctype html><title>App</title><h1>Behind Apache</h1>
<p id="email"><!--#echo var="OIDC_CLAIM_email" --></p>`;

/** One origin of Apache: everything below /protected needs a sign-in. */
export interface Site {
  readonly page: string;
  readonly redirectUri: string;
  /** Needs none. */
  readonly loggedOut: string;
}

/** Where the sites of an Apache are going to be: the client is registered before it starts. */
export interface Sites {
  /** Takes the authorization response from the query. */
  readonly query: Site;
  /** Takes it from a form that the browser posts. */
  readonly formPost: Site;
}

/** Debian's Apache with mod_auth_openidc in front of a page. */
export interface Apache {
  /** What it wrote to its log. */
  errors(): Promise<string>;
  stop(): Promise<void>;
}

export interface ApacheOptions {
  readonly sites: Sites;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly passphrase: string;
}

/** Free ports for both sites. */
export async function planSites(): Promise<Sites> {
  return { query: siteAt(await freePort()), formPost: siteAt(await freePort()) };
}

function siteAt(port: number): Site {
  const origin = `http://127.0.0.1:${port}`;
  return {
    page: `${origin}/protected/`,
    redirectUri: `${origin}/protected/redirect_uri`,
    loggedOut: `${origin}/bye.html`,
  };
}

/** Starts Apache; a missing package fails with the line that installs it. */
export async function startApache(options: ApacheOptions): Promise<Apache> {
  if (!existsSync(`${MODULES}/mod_auth_openidc.so`)) throw new Error(HINT);
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-apache-'));
  await chmod(folder, 0o755);
  await mkdir(join(folder, 'www/protected'), { recursive: true });
  await writeFile(join(folder, 'www/protected/index.shtml'), PAGE);
  await writeFile(join(folder, 'www/bye.html'), '<!doctype html><h1>Bye</h1>');
  await writeFile(join(folder, 'httpd.conf'), configuration(folder, options));
  const errors = (): Promise<string> => readFile(join(folder, 'error.log'), 'utf8');
  const args = ['-f', join(folder, 'httpd.conf'), '-DFOREGROUND'];
  const server = await startProcess('apache2', args, { hint: HINT });
  await untilReady(server, () => answers(options.sites.query.loggedOut));
  return {
    errors,
    async stop() {
      await server.end('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}

function configuration(folder: string, options: ApacheOptions): string {
  const { query, formPost } = options.sites;
  return `
ServerRoot ${folder}
ServerName 127.0.0.1
PidFile ${folder}/httpd.pid
ErrorLog ${folder}/error.log
LogLevel auth_openidc:debug
${LOADED.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join('\n')}
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
StartServers 1
TypesConfig /etc/mime.types
DocumentRoot ${folder}/www
DirectoryIndex index.shtml
<Directory ${folder}/www>
  Options +Includes
</Directory>
AddType text/html .shtml
AddOutputFilter INCLUDES .shtml
<Location /protected>
  AuthType openid-connect
  Require valid-user
</Location>
${virtualHost(query, options)}
${virtualHost(formPost, options, 'OIDCResponseMode form_post')}
`;
}

function virtualHost(
  { redirectUri, loggedOut }: Site,
  { issuer, clientId, clientSecret, passphrase }: ApacheOptions,
  more = '',
): string {
  const { host } = new URL(redirectUri);
  return `
Listen ${host}
<VirtualHost ${host}>
  OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration
  OIDCClientID ${clientId}
  OIDCClientSecret ${clientSecret}
  OIDCRedirectURI ${redirectUri}
  OIDCDefaultLoggedOutURL ${loggedOut}
  OIDCCryptoPassphrase ${passphrase}
  OIDCPKCEMethod S256
  OIDCScope "openid email profile offline_access"
  OIDCAuthRequestParams prompt=consent
  OIDCInfoHook userinfo id_token access_token refresh_token session
  ${more}
</VirtualHost>`;
}
