import { createElement } from 'react';
import { auth0 } from '../lib/auth0.js';

export default async function Page() {
  const session = await auth0.getSession();
  return createElement('p', { id: 'state' }, session?.user.email ?? 'nobody');
}
