import { openWay, type OpenedPost, type OpenWayOptions } from '../mail/open-way.ts';
import type { SmsConfig } from './config.ts';
import { createGateway, type GatewayOptions } from './gateway.ts';

export interface OpenSmsPostOptions
  extends
    Omit<OpenWayOptions, 'way' | 'carrier' | 'settings'>,
    Omit<GatewayOptions, 'url' | 'secret' | 'clock'> {
  readonly settings: SmsConfig;
  /** How long is kept to whom which message went. */
  readonly keepFor: number;
}

/**
 * Where the text messages of a node go; undefined: there are none.
 *
 * @throws {SecretUnavailable} when the secret of the gateway cannot be read.
 */
export async function openSmsPost(options: OpenSmsPostOptions): Promise<OpenedPost | undefined> {
  const { settings, keepFor, isDev } = options;
  const { url, secret } = settings.gateway;
  if (url === undefined && !isDev) return undefined;
  const carrier = url === undefined ? undefined : await createGateway({ ...options, url, secret });
  const { maxPerSecond } = settings;
  return await openWay({ ...options, way: 'sms', carrier, settings: { maxPerSecond, keepFor } });
}
