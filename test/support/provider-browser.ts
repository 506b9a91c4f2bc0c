/** A browser as far as redirects and cookies go. */
export interface Browser {
  /** Goes to `url` and follows redirects, until one leads away from `home` or the page is no redirect. */
  visit(url: string, init?: RequestInit): Promise<Visit>;
  readonly cookies: Map<string, Cookie>;
}

/** Where a visit ended. */
export interface Visit {
  readonly url: URL;
  /** Of the last page at home; undefined: the last step was a redirect away from home. */
  readonly response: Response | undefined;
  readonly responses: readonly Response[];
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

const STEPS_MAX = 20;

/** `home`: the origin of the provider; everything else is a client's. `send`: the way there, if it is a special one. */
export function createBrowser(home: string, send: typeof fetch = fetch): Browser {
  const cookies = new Map<string, Cookie>();

  function cookiesFor(path: string): string {
    const sent = [...cookies.values()].filter(
      (cookie) => cookie.path === '/' || path === cookie.path || path.startsWith(`${cookie.path}/`),
    );
    return sent.map(({ name, value }) => `${name}=${value}`).join('; ');
  }

  function keep(response: Response): void {
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const [name = '', ...value] = pair.split('=');
      const path = attributes.find((one) => one.toLowerCase().startsWith('path='))?.slice(5) ?? '/';
      const isGone = attributes.some((one) => /^expires=Thu, 01 Jan 1970/i.test(one));
      const key = `${name} ${path}`;
      if (isGone) cookies.delete(key);
      else cookies.set(key, { name, value: value.join('='), path });
    }
  }

  return {
    cookies,
    async visit(start, init = {}) {
      let url = new URL(start, home);
      let options: RequestInit = init;
      const responses: Response[] = [];
      for (let step = 0; step < STEPS_MAX; step += 1) {
        if (url.origin !== new URL(home).origin) return { url, response: undefined, responses };
        const headers = new Headers(options.headers);
        if (!headers.has('accept')) headers.set('accept', 'text/html');
        const sent = cookiesFor(url.pathname);
        if (sent !== '') headers.set('cookie', sent);
        const response = await send(url.href, { ...options, headers, redirect: 'manual' });
        keep(response);
        responses.push(response);
        const location = response.headers.get('location');
        if (location === null) return { url, response, responses };
        url = new URL(location, url);
        // As a browser would, and without what was posted.
        options = init.headers === undefined ? {} : { headers: init.headers };
      }
      throw new Error('a browser that is sent in circles');
    },
  };
}
