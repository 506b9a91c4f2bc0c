import type { ConsentRequest, Interactions } from '../provider/contract.ts';
import { showConsent } from './consent.ts';
import type { Visit } from './interaction-routes.ts';
import type { ShowPage } from './pages.ts';
import { personIn } from './sign-in-step.ts';
import { nameOfShown } from './shown-consent.ts';
import type { SignIn } from './sign-in-progress.ts';

/** The last step of a sign-in: what the client may have, of whoever has proven everything. */
export interface ConsentStep {
  /** What is still to be asked. Undefined: nothing, or that is for an interaction of its own. */
  asked(visit: Visit, signIn: SignIn): Promise<ConsentRequest | undefined>;
  show(visit: Visit, signIn: SignIn, asked: ConsentRequest): Promise<void>;
  /** Whether the form is of a page that showed `asked` to this person: one of another step, sent twice, allows nothing. */
  isAllowed(visit: Visit, signIn: SignIn, asked: ConsentRequest): boolean;
}

/** Over what the engine would ask next. */
export function createConsentStep({
  interactions,
  show,
}: {
  readonly interactions: Interactions;
  readonly show: ShowPage;
}): ConsentStep {
  return {
    asked: ({ ctx, interaction }, signIn) =>
      interactions.comingConsent(ctx, interaction.uid, personIn(signIn).account.id),
    show: (visit, signIn, asked) =>
      showConsent(visit, show, {
        account: personIn(signIn).account,
        asked,
        shown: nameOf(signIn, asked),
        another: '',
      }),
    isAllowed: ({ form }, signIn, asked) =>
      form?.get('action') === 'continue' && form.get('shown') === nameOf(signIn, asked),
  };
}

function nameOf(signIn: SignIn, asked: ConsentRequest): string {
  return nameOfShown(personIn(signIn).account.id, asked);
}
