// A browser app with auth0-react. What it is told stands in the page that loads it.
import { Auth0Provider, useAuth0 } from '@auth0/auth0-react';
import { createElement, useState } from 'react';
import { createRoot } from 'react-dom/client';

function App() {
  const auth0 = useAuth0();
  const [tokens, setTokens] = useState([]);
  const button = (id, onClick) => createElement('button', { key: id, id, onClick }, id);
  if (auth0.isLoading) return createElement('p', {}, 'loading');
  const state = auth0.error?.message ?? auth0.user?.email ?? 'nobody';
  return [
    createElement('p', { key: 'state', id: 'state' }, state),
    createElement('p', { key: 'renewals', id: 'renewals' }, String(tokens.length)),
    createElement('p', { key: 'token', id: 'token' }, tokens.at(-1)),
    button('sign-in', () => auth0.loginWithRedirect()),
    button('sign-up', () => {
      const authorizationParams = { ...options.authorizationParams, screen_hint: 'signup' };
      return auth0.loginWithRedirect({ authorizationParams });
    }),
    button('renew', async () => {
      const token = await auth0.getAccessTokenSilently({ cacheMode: 'off' });
      setTokens((earlier) => [...earlier, token]);
    }),
    button('sign-out', () => auth0.logout({ logoutParams: { returnTo: location.origin } })),
  ];
}

const options = JSON.parse(document.getElementById('options').textContent);
createRoot(document.getElementById('app')).render(
  createElement(Auth0Provider, options, createElement(App)),
);
