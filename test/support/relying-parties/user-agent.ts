/** A page that was reached, or the address of an app that a redirect led to. */
export interface Stop {
  readonly url: URL;
  /** Of the answer; 0: the app's, which is never asked. */
  readonly status: number;
  readonly html: string;
  readonly headers: Headers;
}

/** Whoever sits before the user agent. */
export interface Person {
  readonly login: string;
  readonly password: string;
}

/**
 * A browser without the browser: cookies by path, redirects, HTML forms. What it can do, every browser can do
 * without JavaScript.
 */
export interface UserAgent {
  /** Goes to `url` and follows redirects until a page is shown, or one leads away from the issuer. */
  open(url: URL | string): Promise<Stop>;
  /** Sends the first form of `page` by its button `action`, with what the page filled in and `fields`. */
  submit(page: Stop, fields?: Readonly<Record<string, string>>, action?: string): Promise<Stop>;
  /** Opens `url`, signs in and allows what is asked, until the app is reached or nothing more can be answered. */
  authorize(url: URL | string, person?: Person): Promise<Stop>;
  readonly cookies: ReadonlyMap<string, Cookie>;
}

export interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  /** The line that set it. */
  readonly line: string;
}

const PASSWORD = 'latchkey-dev';

export const ALICE: Person = { login: 'alice@example.com', password: PASSWORD };
export const BOB: Person = { login: 'bob', password: PASSWORD };
export const CAROL: Person = { login: 'carol', password: PASSWORD };
export const DAVE: Person = { login: 'dave', password: PASSWORD };

const STEPS_MAX = 20;
const PAGES_MAX = 4;

/** `fetch`: another way to the same issuer, through one of its nodes. */
export function createUserAgent(issuer: string, fetcher: typeof fetch = fetch): UserAgent {
  const { origin } = new URL(issuer);
  const jar = createCookieJar();

  async function follow(start: URL, form?: URLSearchParams): Promise<Stop> {
    let url = start;
    let body = form;
    for (let step = 0; step < STEPS_MAX; step += 1) {
      if (url.origin !== origin || isCallback(url))
        return { url, status: 0, html: '', headers: new Headers() };
      const headers = {
        accept: 'text/html',
        cookie: jar.header(url.pathname),
        ...(body && { origin }),
      };
      const method = body ? 'POST' : 'GET';
      const response = await fetcher(url, {
        method,
        headers,
        body: body ?? null,
        redirect: 'manual',
      });
      jar.keep(response.headers.getSetCookie());
      const html = await response.text();
      const location = response.headers.get('location');
      if (location === null)
        return { url, status: response.status, html, headers: response.headers };
      url = new URL(location, url);
      body = undefined;
    }
    throw new Error(`sent in circles, last to ${url.href}`);
  }

  const submit: UserAgent['submit'] = (page, fields = {}, action = 'continue') => {
    const form = readForm(page.html);
    const body = new URLSearchParams({ ...form.hidden, ...fields, action });
    return follow(new URL(form.action ?? page.url, page.url), body);
  };

  return {
    cookies: jar.cookies,
    open: (url) => follow(new URL(url, issuer)),
    submit,
    async authorize(url, { login, password } = ALICE) {
      let stop = await follow(new URL(url, issuer));
      for (let pages = 0; stop.status === 200 && pages < PAGES_MAX; pages += 1) {
        stop = await submit(stop, asks(stop, 'password') ? { login, password } : {});
      }
      return stop;
    },
  };
}

/** Whether `page` has a field of that name. */
export function asks(page: Stop, field: string): boolean {
  return page.html.includes(`name="${field}"`);
}

/** The text of the first heading. */
export function headingOf(page: Stop): string {
  return /<h1[^>]*>([^<]*)<\/h1>/.exec(page.html)?.[1]?.trim() ?? '';
}

/** An app on the issuer's own origin: the try page. */
function isCallback(url: URL): boolean {
  return url.pathname === '/try/callback';
}

function readForm(html: string): { action: string | undefined; hidden: Record<string, string> } {
  const form = /<form\b([^>]*)>([\s\S]*?)<\/form>/.exec(html);
  if (!form) throw new Error(`no form on this page:\n${html}`);
  const [, attributes = '', content = ''] = form;
  const hidden = [...content.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)];
  return {
    action: /\baction="([^"]*)"/.exec(attributes)?.[1]?.replaceAll('&amp;', '&'),
    hidden: Object.fromEntries(hidden.map(([, name = '', value = '']) => [name, value])),
  };
}

interface CookieJar {
  readonly cookies: ReadonlyMap<string, Cookie>;
  header(path: string): string;
  keep(lines: readonly string[]): void;
}

function createCookieJar(): CookieJar {
  const cookies = new Map<string, Cookie>();
  return {
    cookies,
    header: (path) =>
      [...cookies.values()]
        .filter((cookie) => isWithin(path, cookie.path))
        .map(({ name, value }) => `${name}=${value}`)
        .join('; '),
    keep(lines) {
      for (const line of lines) {
        const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
        const [name = '', ...value] = pair.split('=');
        const path = attributes.find((one) => /^path=/i.test(one))?.slice(5) ?? '/';
        const key = `${name} ${path}`;
        if (attributes.some((one) => /^expires=Thu, 01 Jan 1970/i.test(one))) cookies.delete(key);
        else cookies.set(key, { name, value: value.join('='), path, line });
      }
    },
  };
}

/** RFC 6265 section 5.1.4. */
function isWithin(path: string, cookiePath: string): boolean {
  return cookiePath === '/' || path === cookiePath || path.startsWith(`${cookiePath}/`);
}
