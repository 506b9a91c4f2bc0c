// node:http and nothing else: answers the documents of another server, asked for once, with the same headers and body.
// What it takes is the limit of any server that has node:http read its requests. Prints its port when it listens.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const [origin = '', ...paths] = process.argv.slice(2);
const OWN_HEADERS: ReadonlySet<string> = new Set(['date', 'connection', 'keep-alive']);

const documents = new Map(
  await Promise.all(paths.map(async (path) => [path, await copyOf(path)] as const)),
);
const server = createServer({ noDelay: true }, ({ url = '' }, response) => {
  const document = documents.get(url);
  if (document === undefined) response.writeHead(404).end();
  else response.writeHead(200, document.headers).end(document.body);
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
process.stdout.write(`${JSON.stringify({ port })}\n`);

async function copyOf(path: string): Promise<{ headers: Record<string, string>; body: Buffer }> {
  const answer = await fetch(origin + path);
  const headers = [...answer.headers].filter(([name]) => !OWN_HEADERS.has(name));
  return { headers: Object.fromEntries(headers), body: Buffer.from(await answer.arrayBuffer()) };
}
