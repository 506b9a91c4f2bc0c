import { listen, type Listener } from './listener.ts';

/** A browser app at `port` that is one `script` and the `body` it finds; `#options` says what it is given. */
export function startScriptApp(
  port: number,
  { script, body, options }: Readonly<Record<'script' | 'body', string>> & { options: object },
): Promise<Listener> {
  const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>App</title>
    <link rel="icon" href="data:,"></head><body>${body}
    <script id="options" type="application/json">${JSON.stringify(options)}</script>
    <script type="module" src="/app.js"></script></body></html>`;
  return listen(
    (request, response) => {
      const isScript = request.url === '/app.js';
      response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? script : page);
    },
    { host: 'localhost', port },
  );
}
