import { Client } from 'undici';

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: string;
}

export interface RequestOptions {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as a form. */
  readonly form?: Readonly<Record<string, string>>;
}

/** One keep-alive connection with a browser's memory for cookies. */
export interface Lane {
  request(path: string, options?: RequestOptions): Promise<Answer>;
  forgetCookies(): void;
  close(): Promise<void>;
}

/** Opens a connection to `origin`, `http://127.0.0.1:<port>`. */
export function createLane(origin: string): Lane {
  const client = new Client(origin, { pipelining: 1 });
  const cookies = new Map<string, string>();

  return {
    async request(path, { method = 'GET', headers = {}, form } = {}) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const answer = await client.request({
        path,
        method,
        headers: {
          ...headers,
          ...(cookie !== '' && { cookie }),
          ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
        },
        body: form ? new URLSearchParams(form).toString() : null,
      });
      keepCookies(cookies, answer.headers['set-cookie'] ?? []);
      const { location } = answer.headers;
      return {
        status: answer.statusCode,
        location: typeof location === 'string' ? location : undefined,
        body: await answer.body.text(),
      };
    },
    forgetCookies: () => cookies.clear(),
    close: () => client.close(),
  };
}

function keepCookies(jar: Map<string, string>, lines: string | readonly string[]): void {
  for (const line of typeof lines === 'string' ? [lines] : lines) {
    const [pair = ''] = line.split(';');
    const name = pair.slice(0, pair.indexOf('='));
    const value = pair.slice(pair.indexOf('=') + 1);
    if (value === '' || /expires=Thu, 01 Jan 1970/iu.test(line)) jar.delete(name);
    else jar.set(name, value);
  }
}
