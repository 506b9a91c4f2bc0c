import { askedFor } from '../http/asked-for.ts';
import { seeOther } from '../http/page.ts';
import type { WaitingRequest } from '../provider/contract.ts';
import type { Pages, ShownRequest } from './pages.ts';
import type { Room } from './room.ts';
import { isSafeImage } from './show.ts';
import type { Step, Visit } from './visit.ts';

/** Where somebody answers clients that ask for them from afar (OpenID Connect CIBA). */
export const REQUESTS = '/account/requests';

type Kind = Pages['account/requests']['problem']['kind'];

/** What waits for somebody, and what they say to it. */
export function createRequests({ backchannelRequests, show }: Room): {
  readonly show: Step;
  readonly answer: Step;
} {
  async function page(visit: Visit, kind: Kind): Promise<void> {
    const requests = (await backchannelRequests.list(visit.account.id)).map(shownRequest);
    const images = requests.map(({ logo }) => logo);
    const status = kind === 'none' ? 200 : 422;
    await show(visit, 'account/requests', { requests, problem: { kind } }, { images, status });
  }

  return {
    show: (visit) => page(visit, 'none'),
    async answer(visit) {
      const { ctx, session, form } = visit;
      // Whatever is not a yes is a no.
      const isApproved = form.get('action') === 'continue';
      const id = form.get('request') ?? '';
      const outcome = await backchannelRequests.answer(ctx, { session, id, isApproved });
      const said = isApproved ? 'approved' : 'refused';
      if (outcome === 'done') seeOther(ctx, `${REQUESTS}?done=request-${said}`);
      else await page(visit, outcome);
    },
  };
}

function shownRequest({ id, client, message, asked, expiresAt }: WaitingRequest): ShownRequest {
  const { name, uri = '', logoUri = '' } = client;
  const [initial = ''] = name;
  return {
    id,
    name,
    initial: initial.toLocaleUpperCase(),
    logo: isSafeImage(logoUri) ? logoUri : '',
    site: URL.parse(uri)?.host ?? '',
    message,
    expiresAt,
    ...askedFor(asked),
  };
}
