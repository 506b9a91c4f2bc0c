import { InvalidAccount, type Account } from '../accounts/accounts.ts';
import {
  fieldsIn,
  shownAttribute,
  textOf,
  typedAttributes,
  typedText,
} from '../accounts/typed-attributes.ts';
import { seeOther } from '../http/page.ts';
import type { Room } from './room.ts';
import type { Step, Visit } from './visit.ts';

/** The claims on the page. What is not named here is not changed here. */
const CLAIMS = ['name', 'picture', 'locale'] as const;

/** Name, picture, language, and what else the installation lets people fill in. */
export function createProfile({ accounts, attributes, languages, show }: Room): {
  readonly show: Step;
  readonly save: Step;
} {
  const editable = attributes.filter(({ editableBy }) => editableBy === 'person');

  async function showAgain(
    visit: Visit,
    typed: Pick<Account, 'claims' | 'attributes'>,
    wrong: readonly string[] = [],
  ): Promise<void> {
    const { email = '', emailVerified } = visit.account;
    const claim = (name: string): string => textOf(typed.claims[name]);
    await show(
      visit,
      'account/profile',
      {
        email,
        isEmailVerified: emailVerified,
        values: { name: claim('name'), picture: claim('picture'), locale: claim('locale') },
        languages: languages.map((tag) => ({ tag, name: nameOf(tag) })),
        attributes: editable.map((one) => shownAttribute(one, typed.attributes, wrong)),
        wrong,
      },
      { status: wrong.length === 0 ? 200 : 422 },
    );
  }

  return {
    show: (visit) => showAgain(visit, visit.account),
    async save(visit) {
      const { ctx, form, account, actor } = visit;
      const claims = Object.fromEntries(CLAIMS.map((name) => [name, typedText(form.get(name))]));
      // What an operator has set may be what people could not set themselves.
      const changed = Object.fromEntries(
        Object.entries(claims).filter(([name, value]) => value !== account.claims[name]),
      );
      // What was left empty is taken away.
      const own = typedAttributes(editable, form);
      try {
        const changes = { claims: changed, attributes: own };
        await accounts.update(account.id, changes, { editor: 'person', actor });
        seeOther(ctx, '/account/profile?done=profile');
      } catch (error) {
        if (!(error instanceof InvalidAccount)) throw error;
        await showAgain(visit, { claims, attributes: own }, fieldsIn(error.problems));
      }
    },
  };
}

/** A language in its own words. */
function nameOf(tag: string): string {
  const name = new Intl.DisplayNames([tag], { type: 'language' }).of(tag) ?? tag;
  const [first = ''] = name;
  return first.toLocaleUpperCase(tag) + name.slice(first.length);
}
