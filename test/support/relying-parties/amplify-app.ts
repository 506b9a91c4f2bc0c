import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { compatFolder } from '../compat.ts';
import type { Listener } from './listener.ts';
import { startScriptApp } from './script-app.ts';

/** A browser app with aws-amplify at the hosted pages of `domain`: `test/compat/amplify-app.mjs`, at `/`. */
export async function startAmplifyApp({
  port,
  domain,
  pool,
  clientId,
}: {
  readonly port: number;
  /** A host and its port: Amplify writes `https://` before it. */
  readonly domain: string;
  readonly pool: string;
  readonly clientId: string;
}): Promise<Listener> {
  const script = await bundle();
  const url = `http://localhost:${port}/`;
  const options = {
    userPoolId: pool,
    userPoolClientId: clientId,
    userPoolEndpoint: `https://${domain}`,
    loginWith: {
      oauth: {
        domain,
        scopes: ['openid', 'email', 'profile', 'aws.cognito.signin.user.admin'],
        redirectSignIn: [url],
        redirectSignOut: [url],
        responseType: 'code',
      },
    },
  };
  return await startScriptApp(port, { script, body: '<p id="state"></p>', options });
}

async function bundle(): Promise<string> {
  const input = join(compatFolder, 'amplify-app.mjs');
  const bundled = await rolldown({ input, logLevel: 'silent', platform: 'browser' });
  const { output } = await bundled.generate({ format: 'esm', codeSplitting: false });
  return output[0].code;
}
