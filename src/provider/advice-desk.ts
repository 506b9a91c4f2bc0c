import { errors, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import { soughtIn } from './advice-sought.ts';
import { AdvisedAgainst, type Advice, type Adviser } from './advice.ts';
import type { RequestScopes } from './request-scope.ts';
import { object, texts, toJson } from './store/payloads.ts';

/** Where the engine hears what the adviser of its issuer says. */
export interface AdviceDesk {
  /**
   * About the request under way: asked once, however many tokens come of it. What was said of a sign-in is good for
   * its code.
   *
   * @throws {errors.CustomOIDCProviderError} when nothing is to be issued.
   */
  current(): Promise<Advice>;
}

/** Over `adviser`. */
export function createAdviceDesk({
  adviser,
  scopes,
}: {
  readonly adviser: Adviser;
  readonly scopes: RequestScopes;
}): AdviceDesk {
  async function ask(ctx: KoaContextWithOIDC): Promise<Advice> {
    try {
      return await adviser(soughtIn(ctx, scopes.of(ctx.req)));
    } catch (error) {
      if (!(error instanceof AdvisedAgainst)) throw error;
      throw new errors.CustomOIDCProviderError(error.error, error.message);
    }
  }

  return {
    async current() {
      const { ctx } = Provider;
      if (ctx === undefined) throw new TypeError('advice is sought outside of a request');
      const scope = scopes.of(ctx.req);
      scope.advice ??= keptAdvice(ctx) ?? ask(ctx);
      return await scope.advice;
    },
  };
}

type IssueContext = Parameters<InstanceType<Provider['IdToken']>['issue']>[0];

/** Keeps advice with codes, puts what it says of ID tokens into them, and hears it before a refresh token is used up. */
export function installAdvice(provider: Provider, desk: AdviceDesk): void {
  const { AuthorizationCode, IdToken, RefreshToken } = provider;
  const { IN_PAYLOAD: known }: { readonly IN_PAYLOAD: readonly string[] } =
    Object(AuthorizationCode);
  Object.defineProperty(AuthorizationCode, 'IN_PAYLOAD', { value: [...known, 'advice'] });
  const { save } = AuthorizationCode.prototype;
  const { issue } = IdToken.prototype;
  const { consume } = RefreshToken.prototype;
  Object.defineProperty(AuthorizationCode.prototype, 'save', {
    async value(this: InstanceType<typeof AuthorizationCode>): Promise<string> {
      return await save.call(Object.assign(this, { advice: await desk.current() }));
    },
  });
  Object.defineProperty(IdToken.prototype, 'issue', {
    async value(this: InstanceType<typeof IdToken>, context: IssueContext): Promise<string> {
      const { idToken } = context.use === 'idtoken' ? await desk.current() : { idToken: {} };
      for (const [name, value] of Object.entries(idToken)) this.set(name, value);
      return await issue.call(this, context);
    },
  });
  Object.defineProperty(RefreshToken.prototype, 'consume', {
    async value(this: InstanceType<typeof RefreshToken>): Promise<void> {
      await desk.current();
      await consume.call(this);
    },
  });
}

/** What was said when the code was made, at the endpoint that redeems it. */
function keptAdvice({ oidc }: KoaContextWithOIDC): Promise<Advice> | undefined {
  const { AuthorizationCode: code } = oidc.entities;
  if (oidc.route !== 'token' || code === undefined) return undefined;
  const { advice = {} }: { readonly advice?: object } = Object(code);
  const kept = toJson(advice);
  return Promise.resolve({
    idToken: object(kept, 'idToken') ?? {},
    accessToken: object(kept, 'accessToken') ?? {},
    addedScopes: texts(kept, 'addedScopes'),
    removedScopes: texts(kept, 'removedScopes'),
  });
}
