import type { IncomingMessage, ServerResponse } from 'node:http';
import { wantsPage } from './exchange.ts';

const CSP = [
  "default-src 'none'",
  // Named although `default-src` would do: the engine adds the hash of its form_post script to this very directive.
  "script-src 'self'",
  "style-src 'self'",
  // What a passkey is to sign, a page's script asks us for.
  "connect-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
];
// There is no `form-action`: Chromium holds the redirect that follows a form post to it, and that leads to the app.
const IMAGES = "img-src 'self'";

/** Sets the headers of everything that is not a prepared document, before anyone else touches the answer. */
export type SecurityHeaders = (request: IncomingMessage, response: ServerResponse) => void;

type Header = readonly [name: string, value: string];

/** `images`: origins beside our own that pages may show images of. */
export function createSecurityHeaders(options: {
  readonly issuer: string;
  readonly popups: boolean;
  readonly images: readonly string[];
}): SecurityHeaders {
  const { protocol, hostname } = new URL(options.issuer);
  const always: readonly Header[] = [
    ['Cache-Control', 'no-store'],
    ['X-Content-Type-Options', 'nosniff'],
    // A browser would hold every other server of the developer's machine to it, too.
    ...(protocol === 'https:' && !isLoopbackName(hostname)
      ? [['Strict-Transport-Security', 'max-age=31536000'] as const]
      : []),
  ];
  const shown: readonly Header[] = [
    ...always,
    ['Content-Security-Policy', [...CSP, [IMAGES, ...options.images].join(' ')].join('; ')],
    ['X-Frame-Options', 'DENY'],
    ['Referrer-Policy', 'no-referrer'],
    ['Permissions-Policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()'],
    ['Cross-Origin-Resource-Policy', 'same-origin'],
    ...(options.popups ? [] : [['Cross-Origin-Opener-Policy', 'same-origin'] as const]),
  ];
  return (request, response) => {
    for (const [name, value] of mayBeShown(request) ? shown : always)
      response.setHeader(name, value);
  };
}

/** Whether a browser could show the answer. What programs post for is only read, and by far the most of it all. */
function mayBeShown(request: IncomingMessage): boolean {
  return request.method !== 'POST' || wantsPage(request);
}

function isLoopbackName(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}

/** The policy with the origin of one more image, for a page that shows the logo of a client. */
export function withImageFrom(policy: string, url: string): string {
  return policy.replace(/img-src [^;]*/, (directive) => `${directive} ${new URL(url).origin}`);
}
