import type { MailConfig } from './config.ts';
import { openWay, type OpenedPost, type OpenWayOptions } from './open-way.ts';
import { createSmtpCarrier } from './smtp.ts';

export interface OpenPostOptions extends Omit<OpenWayOptions, 'way' | 'carrier' | 'settings'> {
  readonly settings: MailConfig;
  /** Of the installation: what letters say they are from. */
  readonly name: string;
}

/**
 * Where the letters of a node go.
 *
 * @throws {SecretUnavailable} when the password of the mail server cannot be read.
 */
export async function openPost(options: OpenPostOptions): Promise<OpenedPost> {
  const { settings, name } = options;
  const hasServer = settings.smtp.host !== undefined;
  const carrier = hasServer ? await createSmtpCarrier({ settings, name }) : undefined;
  return await openWay({ ...options, way: 'mail', carrier });
}
