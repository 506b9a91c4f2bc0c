/** What these tests call of `@aws-sdk/client-cognito-identity-provider`. */
export interface AwsSdk {
  readonly CognitoIdentityProvider: new (
    options: object,
  ) => Readonly<Record<string, (input: object) => Promise<Answer>>>;
}

export interface Answer {
  readonly AuthenticationResult?: Readonly<Record<string, string>>;
  readonly ChallengeName?: string;
  readonly Session?: string;
  readonly SecretCode?: string;
  readonly Username?: string;
  readonly User?: { readonly Username: string; readonly UserCreateDate: Date };
  readonly Users?: readonly { readonly Username: string }[];
  readonly CodeDeliveryDetails?: { readonly Destination: string };
  readonly ChallengeParameters?: Readonly<Record<string, string>>;
  readonly PreferredMfaSetting?: string;
}

/** The same of `amazon-cognito-identity-js`. */
export interface IdentityJs {
  readonly AuthenticationDetails: new (options: object) => object;
  readonly CognitoUser: new (options: object) => IdentityUser;
  readonly CognitoUserPool: new (options: object) => IdentityPool;
}

export interface IdentityPool {
  signUp(...given: readonly unknown[]): void;
  getCurrentUser(): IdentityUser | null;
}

export interface IdentityUser {
  authenticateUser(details: object, callbacks: Callbacks): void;
  completeNewPasswordChallenge(password: string, attributes: object, callbacks: Callbacks): void;
  confirmRegistration(code: string, force: boolean, done: Done): void;
  refreshSession(token: object, done: Done): void;
  getUserAttributes(done: Done): void;
  changePassword(old: string, next: string, done: Done): void;
  globalSignOut(callbacks: Callbacks): void;
  getSession(done: Done): void;
  signOut(done: () => void): void;
  forgotPassword(callbacks: Callbacks): void;
  confirmPassword(code: string, password: string, callbacks: Callbacks): void;
  setUserMfaPreference(sms: object | null, app: object | null, done: Done): void;
  sendMFACode(code: string, callbacks: Callbacks, mfaType?: string): void;
}

interface Callbacks {
  readonly onSuccess: (result: IdentitySession) => void;
  readonly onFailure: (error: Error) => void;
  readonly newPasswordRequired?: (attributes: object) => void;
  readonly mfaRequired?: (challenge: string, parameters: object) => void;
}

export interface IdentitySession {
  getAccessToken(): { getJwtToken(): string; readonly payload: Readonly<Record<string, unknown>> };
  getIdToken(): { getJwtToken(): string; readonly payload: Readonly<Record<string, unknown>> };
  getRefreshToken(): { getToken(): string };
}

export type Done = (error: Error | null, result?: unknown) => void;

/** The same of `aws-jwt-verify`. */
export interface JwtVerify {
  readonly CognitoJwtVerifier: {
    create(options: object): {
      cacheJwks(jwks: unknown): void;
      verify(token: string): Promise<Readonly<Record<string, unknown>>>;
    };
  };
}

/** The same of `aws-amplify/auth`. */
export interface AmplifyAuth {
  signUp(input: object): Promise<{ readonly nextStep: { readonly signUpStep: string } }>;
  confirmSignUp(input: object): Promise<{ readonly isSignUpComplete: boolean }>;
  signIn(input: object): Promise<{
    readonly isSignedIn: boolean;
    readonly nextStep: { readonly signInStep: string };
  }>;
  confirmSignIn(input: object): Promise<{ readonly isSignedIn: boolean }>;
  updateMFAPreference(input: object): Promise<void>;
  fetchMFAPreference(): Promise<object>;
  signOut(): Promise<void>;
  updatePassword(input: object): Promise<void>;
  resetPassword(input: object): Promise<object>;
  confirmResetPassword(input: object): Promise<void>;
  fetchUserAttributes(): Promise<Readonly<Record<string, string>>>;
  fetchAuthSession(options?: object): Promise<{
    readonly tokens?: { readonly accessToken: { readonly payload: object; toString(): string } };
  }>;
}
