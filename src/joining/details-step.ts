import type { NewAccount } from '../accounts/accounts.ts';
import { passwordWords } from '../accounts/password-words.ts';
import { shownAttribute, textOf } from '../accounts/typed-attributes.ts';
import { conclude } from './conclude.ts';
import {
  addressOf,
  askedAttributes,
  invitedName,
  makeMember,
  readMember,
  wrongFields,
} from './new-member.ts';
import type { Pages } from './pages.ts';
import type { Room } from './room.ts';
import { frameOf, lookAgain, type FormVisit, type Step, type Visit } from './visit.ts';

type Review = Parameters<typeof passwordWords>[0];
type Typed = Pick<NewAccount, 'username' | 'claims' | 'attributes'>;

/** What else an account needs, once the address is theirs; then there is one. */
export function createDetailsStep(room: Room): Step {
  const { accounts, joinings, cookie, show } = room;
  const showAgain: ShowAgain = (visit, typed, how) => showPage(visit, typed, { ...room, ...how });

  async function make(visit: FormVisit, member: NewAccount): Promise<void> {
    const made = await makeMember(visit, member, room);
    if (made.kind === 'taken') {
      await show(visit.ctx, 'join/taken', frameOf(visit), { status: 409 });
      return;
    }
    if (made.kind === 'gone') {
      cookie.clear(visit.ctx);
      lookAgain(visit);
      return;
    }
    const accountId = made.account.id;
    if (member.password !== undefined)
      await conclude(visit, { method: 'password', accountId }, room);
    else if (waysOf(room).passkey) {
      await joinings.keep(visit.joining, { accountId });
      lookAgain(visit);
    } else await conclude(visit, { method: 'email-code', accountId }, room);
  }

  return {
    async show(visit) {
      const { username, claims = {} } = visit.joining.invited?.invitation ?? {};
      await showAgain(
        visit,
        { username, claims, attributes: {} },
        { wrong: [], review: undefined },
      );
    },
    async take(visit) {
      const { form } = visit;
      const ways = waysOf(room);
      const isByPassword = ways.password && !(ways.passkey && form.get('action') === 'passkey');
      const member = await readMember(visit, room);
      const password = form.get('password') ?? '';
      const [wrong, review] = await Promise.all([
        wrongFields(visit, member, room),
        isByPassword ? accounts.checkNewPassword(password, member) : undefined,
      ]);
      if (wrong.length > 0 || review?.ok === false)
        await showAgain(visit, member, { wrong, review });
      else await make(visit, isByPassword ? { ...member, password } : member);
    },
  };
}

/** What people may have in the place of a code that is sent each time. */
export function waysOf({ authentication, factors }: Room): {
  readonly password: boolean;
  readonly passkey: boolean;
} {
  const { password, passkeys } = authentication;
  return { password, passkey: passkeys && factors.passkeys.available };
}

interface Refused {
  readonly wrong: readonly string[];
  readonly review: Review;
}
type ShowAgain = (visit: Visit, typed: Typed, refused: Refused) => Promise<void>;

async function showPage(visit: Visit, typed: Typed, room: Room & Refused): Promise<void> {
  const { ctx, interaction } = visit;
  const { wrong, review } = room;
  const isRefused = wrong.length > 0 || review?.ok === false;
  const manner = { status: isRefused ? 422 : 200, uiLocales: interaction.uiLocales };
  const isNamed = (await invitedName(visit, room)) !== undefined;
  await room.show(ctx, 'join/details', pageOf(visit, typed, { ...room, isNamed }), manner);
}

function pageOf(
  visit: Visit,
  typed: Typed,
  room: Room & Refused & { readonly isNamed: boolean },
): Pages['join/details'] {
  const { settings, wrong, review, isNamed } = room;
  const { username = '', claims = {}, attributes = {} } = typed;
  return {
    ...frameOf(visit),
    ...passwordWords(review),
    email: addressOf(visit),
    // The name of an invitation is no question.
    fields: isNamed ? { ...settings.fields, username: 'off' } : settings.fields,
    values: { name: textOf(claims['name']), username },
    attributes: askedAttributes(visit, room).map((one) => shownAttribute(one, attributes, wrong)),
    termsUrl: settings.terms?.url ?? '',
    ways: waysOf(room),
    wrong,
  };
}
