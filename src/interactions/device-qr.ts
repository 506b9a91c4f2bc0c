import { Router } from '@koa/router';
import { qrCodeOf } from '../factors/qr-code.ts';

/** As the engine makes them, and as people may type them. */
const USER_CODE = /^[A-Z\d-]{4,20}$/iu;

/**
 * `/device/qr.svg?user_code=...`: the link of a device's code as a picture, for devices that can show one but not
 * make one. Whoever asks has the code already, and is told nothing about it.
 */
export function createDeviceQr(issuer: string): Router {
  const router = new Router({ sensitive: true, strict: true });
  return router.get('/device/qr.svg', (ctx) => {
    const { user_code: code } = ctx.query;
    if (typeof code !== 'string' || !USER_CODE.test(code)) {
      ctx.status = 400;
      ctx.body = { error: 'invalid_request', error_description: 'expected a user_code' };
      return;
    }
    const link = `${issuer}/device?user_code=${encodeURIComponent(code.toUpperCase())}`;
    const { size, path } = qrCodeOf(link);
    ctx.set('Cache-Control', 'no-store');
    ctx.type = 'image/svg+xml';
    ctx.body = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${size}v${size}H0z"/><path d="${path}"/></svg>`;
  });
}
