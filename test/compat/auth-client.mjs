// What auth0-auth-js does without a page. `auth0` keeps its own AuthenticationClient, without second factors, as auth0/legacy.
import { AuthClient } from '@auth0/auth0-auth-js';
import { Secret, TOTP } from 'otpauth';

const connection = 'Username-Password-Authentication';

export function createAuthClientScenes({ domain, clientId, clientSecret, audience, inbox }) {
  const client = new AuthClient({ domain, clientId, clientSecret });
  const wish = { audience, scope: 'openid profile email offline_access read:messages' };
  const refusalOf = async (promise) =>
    await promise.then(
      () => 'none',
      ({ cause }) => cause,
    );

  return {
    async password() {
      const username = 'zoe@example.com';
      const password = 'correct-horse-battery-47';
      const { email, emailVerified } = await client.database.signUp({
        email: username,
        password,
        connection,
      });
      const wrong = await refusalOf(
        client.getTokenByPassword({ username, password: 'no', ...wish }),
      );
      const realm = await client.getTokenByPassword({
        username,
        password,
        realm: connection,
        ...wish,
      });
      const { refreshToken } = await client.getTokenByPassword({ username, password, ...wish });
      const renewed = await client.getTokenByRefreshToken({ refreshToken });
      const again = await refusalOf(client.getTokenByRefreshToken({ refreshToken }));
      const words = await client.database.changePassword({ email: username, connection });
      return {
        signedUp: { email, emailVerified },
        wrong: wrong.error_description,
        claims: realm.claims,
        isRotated: renewed.refreshToken !== refreshToken && renewed.accessToken !== undefined,
        again: again.error_description,
        words,
      };
    },
    async code() {
      const email = 'alice@example.com';
      await client.passwordless.sendEmail({ email, send: 'code' });
      const wrong = await refusalOf(
        client.getTokenByPasswordlessEmail({ email, code: '000000', ...wish }),
      );
      const code = await codeFor(email, inbox);
      const { claims } = await client.getTokenByPasswordlessEmail({ email, code, ...wish });
      return { wrong: wrong.error_description, claims };
    },
    async textMessage() {
      const phoneNumber = '+15551230002';
      await client.passwordless.sendSms({ phoneNumber });
      const code = await codeFor(phoneNumber, inbox);
      const ask = async (otp) =>
        await client.getTokenByPasswordlessSms({ phoneNumber, code: otp, scope: 'openid phone' });
      const wrong = await refusalOf(ask(code === '000000' ? '111111' : '000000'));
      const { claims } = await ask(code);
      return { wrong: wrong.error_description, claims };
    },
    async mfa() {
      const asked = { username: 'bob@example.com', password: 'latchkey-dev', ...wish };
      const required = await refusalOf(client.getTokenByPassword(asked));
      const { mfa_token: mfaToken } = required;
      const { secret } = await client.mfa.enrollAuthenticator({
        authenticatorTypes: ['otp'],
        mfaToken,
      });
      const totp = new TOTP({ secret: Secret.fromBase32(secret) });
      const verify = (token, otp) => client.mfa.verify({ mfaToken: token, factorType: 'otp', otp });
      const wrong = await refusalOf(verify(mfaToken, '000000'));
      const { accessToken } = await verify(mfaToken, totp.generate());
      const { mfa_token: next } = await refusalOf(client.getTokenByPassword(asked));
      const authenticators = await client.mfa.listAuthenticators({ mfaToken: next });
      const { challengeType } = await client.mfa.challengeAuthenticator({
        challengeType: 'otp',
        mfaToken: next,
      });
      return {
        required: required.error,
        wrong: wrong.error_description,
        accessToken,
        types: authenticators.map(({ authenticatorType }) => authenticatorType),
        challengeType,
      };
    },
  };
}

async function codeFor(address, inbox) {
  // Only against what hangs.
  const deadline = AbortSignal.timeout(60_000);
  for (;;) {
    const answer = await fetch(`${inbox}?to=${encodeURIComponent(address)}`, { signal: deadline });
    const [code] = (await answer.json()).flatMap(({ codes }) => codes);
    if (code !== undefined) return code;
  }
}
