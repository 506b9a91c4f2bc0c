import { InvalidAccount, type Account } from '../accounts/accounts.ts';
import type { Json, JsonObject } from '../runtime/json.ts';
import { seeOther } from '../http/page.ts';
import type { ShownAttribute } from './pages.ts';
import type { Room } from './room.ts';
import type { Step, Visit } from './visit.ts';

type Declared = Room['attributes'][number];

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
      const own = Object.fromEntries(
        editable.map((one) => [one.name, typedValue(one, form.get(`attribute.${one.name}`))]),
      );
      try {
        await accounts.update(account.id, { claims, attributes: own }, { editor: 'person', actor });
        seeOther(ctx, '/account/profile?done=profile');
      } catch (error) {
        if (!(error instanceof InvalidAccount)) throw error;
        await showAgain(visit, { claims, attributes: own }, fieldsIn(error.problems));
      }
    },
  };
}

/** `null` takes a value away, which is what an empty field means. */
function typedText(text: string | undefined): string | null {
  const trimmed = (text ?? '').trim();
  return trimmed === '' ? null : trimmed;
}

function typedValue({ type }: Declared, text: string | undefined): Json {
  if (type === 'boolean') return text === 'yes';
  const trimmed = typedText(text);
  if (trimmed === null) return null;
  if (type === 'number') return Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed;
  if (type !== 'list') return trimmed;
  const entries = trimmed.split('\n').map((line) => line.trim());
  return entries.filter((entry) => entry !== '');
}

function shownAttribute(
  { name, type, values, required }: Declared,
  attributes: JsonObject,
  wrong: readonly string[],
): ShownAttribute {
  const value = attributes[name];
  return {
    name,
    type,
    values,
    value: Array.isArray(value) ? value.map(textOf).join('\n') : textOf(value),
    isRequired: required,
    isWrong: wrong.includes(name),
  };
}

function textOf(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** `claims.picture: must begin with https://` is about `picture`. */
function fieldsIn(problems: readonly string[]): readonly string[] {
  return problems.map(
    (problem) => /^(?:claims|attributes)\.(?<field>\w+)/u.exec(problem)?.groups?.['field'] ?? '',
  );
}

/** A language in its own words. */
function nameOf(tag: string): string {
  const name = new Intl.DisplayNames([tag], { type: 'language' }).of(tag) ?? tag;
  const [first = ''] = name;
  return first.toLocaleUpperCase(tag) + name.slice(first.length);
}
