import { auth0 } from './lib/auth0.js';

export async function proxy(request) {
  return await auth0.middleware(request);
}
