import { isIP } from 'node:net';
import { z } from 'zod';

const ISSUER_EXPECTED =
  'expected an issuer such as "https://id.example.com": a host of its own, no path, query, fragment or slash at the end';

/** What the installation is for. What is insecure by accident does not start in production. */
export const profileConfig = z
  .enum(['dev', 'production'])
  .default('production')
  .describe(
    'dev: on this machine only, with sample people and clients; production: refuses to start when anything is insecure.',
  );

/** The issuer identifier (OpenID Connect Discovery section 3), byte for byte as tokens carry it. */
export const issuerConfig = z
  .string({ error: ISSUER_EXPECTED })
  .refine(isIssuer, { error: ISSUER_EXPECTED })
  .default('http://localhost:4000')
  .describe('The URL by which apps and people know this provider; all others begin with it.');

/** What follows from the two settings at the top. */
export interface Installation {
  readonly isDev: boolean;
  readonly issuer: string;
  readonly isHttps: boolean;
  /** The issuer can be reached from this machine alone. */
  readonly isLoopback: boolean;
}

/** The facts of `settings` that other rooms decide by. */
export function installationOf(settings: {
  readonly profile: z.output<typeof profileConfig>;
  readonly issuer: string;
}): Installation {
  const { protocol, hostname } = new URL(settings.issuer);
  return {
    isDev: settings.profile === 'dev',
    issuer: settings.issuer,
    isHttps: protocol === 'https:',
    isLoopback: isLoopbackHost(hostname),
  };
}

/** True for names and addresses that never leave the machine: `localhost`, 127.0.0.0/8, `::1`. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(?<address>.*)\]$/, '$<address>');
  if (isIP(name) === 4) return name.startsWith('127.');
  return name === '::1' || name === 'localhost' || name.endsWith('.localhost');
}

/** Only the one way to write it that a URL parser gives back, since clients compare byte for byte. */
function isIssuer(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return false;
  if (url.username !== '' || url.password !== '' || /[?#]/.test(text)) return false;
  return url.href === `${text}/`;
}
