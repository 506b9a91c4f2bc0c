import type { ClientCertificate } from '../../client-certificates/client-certificate.ts';
import { plainIp, type CertificateNames } from '../../client-certificates/certificate-names.ts';
import {
  isSameName,
  parseDistinguishedName,
} from '../../client-certificates/distinguished-name.ts';

const IS_NAMED: Readonly<Record<string, (names: CertificateNames, expected: string) => boolean>> = {
  tls_client_auth_subject_dn({ subject }, expected) {
    const registered = parseDistinguishedName(expected);
    return registered !== undefined && isSameName(subject, registered);
  },
  tls_client_auth_san_dns: ({ dns }, expected) => dns.includes(expected.toLowerCase()),
  tls_client_auth_san_uri: ({ uri }, expected) => uri.includes(expected),
  tls_client_auth_san_ip: ({ ip }, expected) => ip.includes(plainIp(expected) ?? ''),
  tls_client_auth_san_email: ({ email }, expected) => email.includes(expected),
};

/** Whether it has the one name that a client registered as `property` (RFC 8705 section 2.1.2). */
export function isOfSubject(
  certificate: ClientCertificate | undefined,
  property: string,
  expected: string,
): boolean {
  const names = certificate?.names();
  return names !== undefined && IS_NAMED[property]?.(names, expected) === true;
}
