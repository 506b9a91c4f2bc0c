import { auth0 } from './lib/auth0.js';

export async function proxy(request) {
  return await auth0.middleware(request);
}

// A browser asks for an icon in its own time, and would be given the cookies of a session anew that was just ended.
export const config = { matcher: ['/((?!_next/|favicon\\.ico).*)'] };
