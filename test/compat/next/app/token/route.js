import { auth0 } from '../../lib/auth0.js';

/** The token that the session has, and what it is renewed to. */
export async function GET() {
  const session = await auth0.getSession();
  const { token } = await auth0.getAccessToken({ refresh: true });
  return Response.json([session.tokenSet.accessToken, token]);
}
