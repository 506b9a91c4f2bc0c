import { installationOf, isLoopbackHost } from './installation.ts';
import { refuse, warn, type Rule, type SafetySettings, type Weighed } from './safety.ts';

/** Each of the pairs that the OWASP Password Storage Cheat Sheet names comes to this or more. */
const HASH_WORK_MIN = 7168 * 5;

/** Rules about the settings alone. */
export const SETTING_RULES: readonly Rule[] = [
  devStaysHome,
  issuerIsHttps,
  passwordsAreHashed,
  clientSecretsAreReferences,
  hashesAreSlow,
  proxiesAreKnown,
  certificatesComeFromProxies,
  outboundIsGuarded,
  certificateIsReal,
  chanceIsReal,
  storesAreReachedSafely,
  figuresStayHome,
  registrationIsBounded,
  documentsAreBounded,
  exchangesAreBounded,
  lettersLeave,
  lettersLeaveSealed,
  numbersAreBounded,
];

/** The sample people and clients are known to everyone who has read the documentation. */
function devStaysHome(settings: SafetySettings): readonly Weighed[] {
  const { isDev, isLoopback, issuer } = installationOf(settings);
  const { host } = settings.http.listen;
  if (!isDev) return [];
  return [
    ...(isLoopback
      ? []
      : refuse(
          'issuer',
          `${issuer} is not on this machine, and the dev profile has sample people and clients`,
          'Set profile: production, or an issuer such as http://localhost:4000',
        )),
    ...(isLoopbackHost(host)
      ? []
      : refuse(
          'http.listen.host',
          `${host} can be reached from other machines, and the dev profile has sample people and clients`,
          'Set it to 127.0.0.1, or set profile: production',
        )),
  ];
}

function issuerIsHttps(settings: SafetySettings): readonly Weighed[] {
  const { isDev, isHttps, isLoopback, issuer } = installationOf(settings);
  if (isDev || isHttps) return [];
  if (!isLoopback) {
    return refuse(
      'issuer',
      `${issuer} is http: passwords and tokens could be read on their way`,
      `Set it to ${issuer.replace(/^http:/, 'https:')}, behind a proxy that speaks TLS or with http.tls`,
    );
  }
  return warn(
    'issuer',
    `${issuer} can be used on this machine alone`,
    'Set it to the https URL by which people reach this provider',
  );
}

function passwordsAreHashed({ profile, people }: SafetySettings): readonly Weighed[] {
  if (profile === 'dev') return [];
  return people.flatMap(({ password }, index) =>
    password === undefined
      ? []
      : refuse(
          `people[${index}].password`,
          'is a password in clear',
          'Write passwordHash in its place, or leave it out and run: latchkey person set-password',
        ),
  );
}

function clientSecretsAreReferences({ profile, clients }: SafetySettings): readonly Weighed[] {
  if (profile === 'dev') return [];
  return clients.flatMap(({ secretInClear }, index) =>
    secretInClear === undefined
      ? []
      : refuse(
          `clients[${index}].secretInClear`,
          'is a secret in clear',
          'Write secret: { file: PATH } in its place',
        ),
  );
}

function hashesAreSlow({ signIn }: SafetySettings): readonly Weighed[] {
  const { memoryKib, iterations } = signIn.argon2;
  if (memoryKib * iterations >= HASH_WORK_MIN) return [];
  return warn(
    'signIn.argon2',
    `${memoryKib} KiB and ${iterations} passes make stolen hashes cheap to guess`,
    'Set memoryKib to 19456 and iterations to 2, or more',
  );
}

/** Whoever is trusted may choose the address that throttles and the audit trail see. */
function proxiesAreKnown(settings: SafetySettings): readonly Weighed[] {
  const { trustedProxies, tls, listen } = settings.http;
  const isProxied = installationOf(settings).isHttps && tls.from === 'off';
  if (isProxied && trustedProxies.length === 0) {
    return warn(
      'http.trustedProxies',
      'is empty, yet a proxy must be in front: everyone would seem to come from its address, and be throttled as one',
      `List the addresses from which the proxy reaches ${listen.host}`,
    );
  }
  return trustedProxies.flatMap((network, index) =>
    isWide(network)
      ? refuse(
          `http.trustedProxies[${index}]`,
          `${network} is half the internet or more: anyone could claim any address`,
          'List the addresses of your proxies alone',
        )
      : [],
  );
}

/** A header is believed of listed proxies alone: with none, every client would seem to have no certificate. */
function certificatesComeFromProxies({ http, protocol }: SafetySettings): readonly Weighed[] {
  const { enabled, header } = protocol.mtls;
  if (!enabled || header === undefined || http.trustedProxies.length > 0) return [];
  return refuse(
    'protocol.mtls.header',
    `${header.name} would come from anyone, and no proxy is listed that may send it`,
    'List the addresses of the proxy in http.trustedProxies, or set protocol.mtls.listener in place of the header',
  );
}

function outboundIsGuarded({ http }: SafetySettings): readonly Weighed[] {
  return http.outbound.allow.flatMap((target, index) =>
    isWide(target)
      ? refuse(
          `http.outbound.allow[${index}]`,
          `${target} lets a client make this server call anything inside your network`,
          'List the hosts or networks that must be reached alone',
        )
      : [],
  );
}

/** No private network is wider than 10.0.0.0/8 (RFC 1918) or fc00::/7 (RFC 4193). */
function isWide(network: string): boolean {
  const [address = '', prefix] = network.split('/');
  return prefix !== undefined && Number(prefix) < (address.includes(':') ? 7 : 8);
}

function certificateIsReal({ profile, http }: SafetySettings): readonly Weighed[] {
  if (profile === 'dev' || http.tls.from !== 'dev-ca') return [];
  return refuse(
    'http.tls.from',
    'dev-ca is an authority that nobody else trusts',
    'Set it to files, or to off behind a proxy that speaks TLS',
  );
}

function chanceIsReal({ profile, dev }: SafetySettings): readonly Weighed[] {
  if (profile === 'dev' || dev.seed === undefined) return [];
  return refuse(
    'dev.seed',
    'lets whoever knows it foretell every key, code and secret',
    'Leave it out, or set profile: dev for tests of apps',
  );
}

function storesAreReachedSafely({ storage }: SafetySettings): readonly Weighed[] {
  const { state, records } = storage;
  const host = state.engine === 'redis' ? hostInClear(state.redis) : undefined;
  const postgres = URL.parse(records.postgres.url);
  return [
    ...(host === undefined
      ? []
      : warn(
          'storage.state.redis.url',
          `the way to ${host} is not encrypted`,
          'Use rediss:// unless that network is yours alone',
        )),
    ...(records.engine === 'postgres' && !records.postgres.tls && isRemote(postgres)
      ? warn(
          'storage.records.postgres.tls',
          `the way to ${postgres?.hostname ?? ''} is not encrypted`,
          'Set it to true unless that network is yours alone',
        )
      : []),
  ];
}

/** The first Redis on another machine that is spoken to without TLS; a Cluster's or Sentinels' nodes go before the URL. */
function hostInClear({
  url,
  sentinel,
  cluster,
}: SafetySettings['storage']['state']['redis']): string | undefined {
  const nodes = (cluster ?? sentinel)?.nodes.map((node) => `redis://${node}`);
  if (!url.startsWith('redis:')) return undefined;
  const hosts = (nodes ?? [url]).map((node) => URL.parse(node)?.hostname ?? '');
  return hosts.find((host) => !isLoopbackHost(host));
}

/** A socket's folder stands in place of the host, percent-encoded. */
function isRemote(url: URL | null): boolean {
  return url !== null && !url.hostname.startsWith('%2F') && !isLoopbackHost(url.hostname);
}

function figuresStayHome({ http }: SafetySettings): readonly Weighed[] {
  if (!http.metrics.enabled || isLoopbackHost(http.metrics.host)) return [];
  return warn(
    'http.metrics.host',
    `${http.metrics.host} shows figures of this node to whoever reaches it`,
    'Set it to an address that only your monitoring reaches',
  );
}

function lettersLeave({ profile, mail }: SafetySettings): readonly Weighed[] {
  if (profile === 'dev' || mail.smtp.host !== undefined) return [];
  return warn(
    'mail.smtp.host',
    'is not set: whoever forgets a password gets no letter, and nobody is told when an account changes',
    'Set it to your mail server, and mail.from to the address that letters come from',
  );
}

/** Who reads a letter on its way can take the account that it is about. */
function lettersLeaveSealed({ mail }: SafetySettings): readonly Weighed[] {
  const { host, tls, user } = mail.smtp;
  if (host === undefined || tls !== 'none' || isLoopbackHost(host)) return [];
  const fix = 'Set it to starttls or implicit, unless that network is yours alone';
  return user === undefined
    ? warn('mail.smtp.tls', `codes and links to ${host} could be read on their way`, fix)
    : refuse('mail.smtp.tls', `the password for ${host} could be read on its way`, fix);
}

/** Strangers can cause messages, and some countries pay whoever has a number called (SMS pumping). */
function numbersAreBounded({ sms }: SafetySettings): readonly Weighed[] {
  if (sms.gateway.url === undefined || sms.prefixes !== undefined) return [];
  return warn(
    'sms.prefixes',
    'is not set: strangers can have you pay for messages to every country',
    'List the beginnings of the numbers that you write to, such as "+49"',
  );
}

function registrationIsBounded({ profile, registration }: SafetySettings): readonly Weighed[] {
  if (profile === 'dev' || registration.mode !== 'open') return [];
  return warn(
    'registration.mode',
    `open lets anyone register ${registration.overallPerHour} clients an hour`,
    'Set it to token, so that only holders of an initial access token may, or to off',
  );
}

/** Anybody can put a document up, and lead people here by a name of their choice. */
function documentsAreBounded({ protocol }: SafetySettings): readonly Weighed[] {
  const { enabled, hosts } = protocol.clientIdMetadata;
  if (!enabled || !hosts.includes('*')) return [];
  return warn(
    'protocol.clientIdMetadata.hosts',
    '* lets anybody who has a web page send people here for their consent',
    'List the hosts of clients that you know; or list under apis what everybody may ask for',
  );
}

/** Whoever steals the credentials of such a client can turn every token that it is sent into others. */
function exchangesAreBounded({ clients }: SafetySettings): readonly Weighed[] {
  return clients.flatMap(({ tokenExchange }, index) => {
    const setting = `clients[${index}].tokenExchange`;
    return [
      ...(tokenExchange?.subjects.includes('*') === true
        ? warn(
            `${setting}.subjects`,
            '* lets it exchange the tokens of every client',
            'List the clients whose tokens it is sent',
          )
        : []),
      ...(tokenExchange?.impersonation === true
        ? warn(
            `${setting}.impersonation`,
            'lets it get tokens that do not say that it acts for the person',
            'Set it to false: APIs then see in act who acts',
          )
        : []),
    ];
  });
}
