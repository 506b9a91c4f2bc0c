import { createLane, type Answer, type Lane } from '../../bench/lane.ts';

/** One form of a page, as a browser would send it. */
export interface FoundForm {
  /** Path and query. */
  readonly action: string;
  readonly fields: ReadonlyMap<string, string>;
  /** Names of the fields that a person fills in. */
  readonly open: readonly string[];
  /** Values of its `action` buttons. */
  readonly buttons: readonly string[];
}

/** A browser without scripts: cookies, links and forms. */
export interface Crawler {
  /** Goes to `path` and follows redirects, up to the first that leads elsewhere. */
  visit(path: string): Promise<void>;
  submit(form: FoundForm, values: Readonly<Record<string, string>>): Promise<void>;
  /** What the page that it is at offers. */
  forms(): readonly FoundForm[];
  links(): readonly string[];
  /** The page that it is at. */
  html(): string;
  /** Where redirects led out of the provider, newest last; whoever reads it takes it. */
  readonly left: URL[];
  close(): Promise<void>;
}

const REDIRECTS_MAX = 12;

/** At `issuer`, whose server is on loopback and takes `address` for the browser's. */
export function createCrawler(issuer: string, address: string): Crawler {
  const lane: Lane = createLane(issuer);
  const left: URL[] = [];
  const headers = { accept: 'text/html', 'x-forwarded-for': address };
  let path = '/';
  let page = '';

  async function follow(answer: Answer): Promise<void> {
    let current = answer;
    for (let round = 0; round < REDIRECTS_MAX && current.location !== undefined; round += 1) {
      const next = new URL(current.location, `${issuer}${path}`);
      if (next.origin !== issuer) {
        left.push(next);
        return;
      }
      path = next.pathname + next.search;
      current = await lane.request(path, { headers });
    }
    page = current.body;
  }

  return {
    left,
    async visit(target) {
      path = target;
      await follow(await lane.request(path, { headers }));
    },
    async submit(form, values) {
      path = form.action;
      const fields = { ...Object.fromEntries(form.fields), ...values };
      await follow(
        await lane.request(path, {
          method: 'POST',
          headers: { ...headers, 'sec-fetch-site': 'same-origin' },
          form: fields,
        }),
      );
    },
    forms: () =>
      [...page.matchAll(/<form\b(?<head>[^>]*)>(?<body>.*?)<\/form>/gsu)].map((match) =>
        formOf(match.groups ?? {}, path),
      ),
    links: () =>
      [...page.matchAll(/<a\b[^>]*\bhref="(?<href>[^"]*)"/gu)].flatMap(({ groups }) => {
        const url = URL.parse(unescaped(groups?.['href'] ?? ''), `${issuer}${path}`);
        return url?.origin === issuer ? [url.pathname + url.search] : [];
      }),
    html: () => page,
    close: () => lane.close(),
  };
}

function formOf(
  { head = '', body = '' }: Readonly<Record<string, string>>,
  path: string,
): FoundForm {
  const inputs = [...body.matchAll(/<(?:input|select|textarea)\b[^>]*>/gu)].map(([tag]) => tag);
  const hidden = inputs.filter((tag) => attribute(tag, 'type') === 'hidden');
  const action = attribute(head, 'action');
  return {
    action: action === '' ? path : pathOf(action),
    fields: new Map(hidden.map((tag) => [attribute(tag, 'name'), attribute(tag, 'value')])),
    open: inputs.filter((tag) => !hidden.includes(tag)).map((tag) => attribute(tag, 'name')),
    buttons: [...body.matchAll(/<button\b[^>]*>/gu)].flatMap(([tag]) =>
      attribute(tag, 'name') === 'action' ? [attribute(tag, 'value')] : [],
    ),
  };
}

/** A form may name a whole URL of ours. */
function pathOf(action: string): string {
  const url = new URL(action, 'http://here');
  return url.pathname + url.search;
}

function attribute(tag: string, name: string): string {
  return unescaped(
    new RegExp(`\\b${name}="(?<value>[^"]*)"`, 'u').exec(tag)?.groups?.['value'] ?? '',
  );
}

function unescaped(text: string): string {
  return text
    .replaceAll('&#34;', '"')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
