// A browser app with aws-amplify, whose functions a test calls. What it is told stands in the page that loads it.
import { Amplify } from 'aws-amplify';
import * as auth from 'aws-amplify/auth';
import { Hub } from 'aws-amplify/utils';

const options = JSON.parse(document.getElementById('options').textContent);
const state = document.getElementById('state');
Hub.listen('auth', ({ payload: { event, data } }) => {
  if (event === 'signInWithRedirect') state.textContent = 'signed in';
  if (event === 'signInWithRedirect_failure') state.textContent = `failed: ${data?.error?.message}`;
});
Amplify.configure({ Auth: { Cognito: options } });
window.auth = auth;
