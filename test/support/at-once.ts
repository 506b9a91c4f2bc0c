import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';

/** What was said to one of many. */
export interface Said {
  readonly status: number;
  readonly body: unknown;
}

/**
 * Posts `form` to each of `ports`, for the issuer of `url`. None is sent whole before all were taken in: their nodes say
 * `100 Continue` when they begin with one (RFC 9110 section 10.1.1). So none comes late, however busy the machine is.
 */
export async function postAtOnce(
  url: URL,
  { ports, form, authorization }: PostAtOnce,
): Promise<readonly Said[]> {
  const body = new URLSearchParams(form).toString();
  const headers = {
    host: url.host,
    authorization,
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': body.length,
    expect: '100-continue',
  };
  const requests = ports.map((port) =>
    request({
      host: '127.0.0.1',
      port,
      path: url.pathname,
      method: 'POST',
      headers,
      agent: false,
    }),
  );
  const answers = Promise.all(requests.map(answerTo));
  await Promise.all(
    requests.map((one) => Promise.race([once(one, 'continue'), once(one, 'response')])),
  );
  for (const one of requests) one.end(body);
  return await answers;
}

interface PostAtOnce {
  readonly ports: readonly number[];
  readonly form: Readonly<Record<string, string>>;
  readonly authorization: string;
}

async function answerTo(sent: ClientRequest): Promise<Said> {
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: await json(response) };
}
