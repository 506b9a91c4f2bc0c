import { readFile } from 'node:fs/promises';
import type { createTransport } from 'nodemailer';
import { readSecret } from '../config/secrets.ts';
import { CARRIED_WITHIN_SECONDS, type Carrier } from './carrier.ts';
import type { MailConfig } from './config.ts';
import { isMailbox } from './mailbox.ts';
import { smtpAnswerOf } from './smtp-answer.ts';

/** A mail server that does not answer holds nothing up for longer. */
const CONNECT_MS = 5000;
const SILENCE_MS = 15_000;
const CONNECTIONS_MAX = 4;
const PORTS = { implicit: 465, starttls: 587, none: 587 } as const;

export interface SmtpOptions {
  readonly settings: MailConfig;
  /** What `from` is called: the name of the installation. */
  readonly name: string;
}

/** Sends by the mail server of the settings. Connects with the first letter, not now. */
export async function createSmtpCarrier({ settings, name }: SmtpOptions): Promise<Carrier> {
  const { from, replyTo } = settings;
  const nodemailer = await import('nodemailer');
  const transport = nodemailer.createTransport(await transportOptions(settings));
  return {
    async carry({ id, to, message: { subject, text, html } }) {
      // The library would take a comma for the end of one address and write to the next, too.
      if (!isMailbox(to)) return { kind: 'refused', code: 'EADDRESS' };
      try {
        await transport.sendMail({
          from: { name, address: from ?? '' },
          ...(replyTo !== undefined && { replyTo }),
          to: { name: '', address: to },
          // What the headers say is for people; where it goes is said here, once, and is one address.
          envelope: { from: from ?? '', to: [to] },
          messageId: `<${id}@${from?.split('@')[1] ?? 'localhost'}>`,
          subject,
          text,
          html,
          // So that no out-of-office answer comes back (RFC 3834 section 5).
          headers: { 'Auto-Submitted': 'auto-generated' },
          disableFileAccess: true,
          disableUrlAccess: true,
          // A server that trickles its answers is never silent, and never done.
          signal: AbortSignal.timeout(CARRIED_WITHIN_SECONDS * 1000),
        });
        return { kind: 'taken' };
      } catch (error) {
        return smtpAnswerOf(error);
      }
    },
    // Whoever closes has waited for long enough: an open connection would keep the process alive.
    close: async () => transport.close({ force: true }),
  };
}

async function transportOptions({
  smtp,
}: MailConfig): Promise<Parameters<typeof createTransport>[0]> {
  const { host, port, tls, user, password, caFile } = smtp;
  return {
    pool: true,
    maxConnections: CONNECTIONS_MAX,
    host,
    port: port ?? PORTS[tls],
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    dnsTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
    ...(user !== undefined &&
      password !== undefined && { auth: { user, pass: await readSecret(password) } }),
    ...(caFile !== undefined && { tls: { ca: await readFile(caFile) } }),
  };
}
