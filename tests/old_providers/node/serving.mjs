// Serve an old application on a loopback port, say so in one line, and end when standard input closes.
import { webcrypto } from 'node:crypto';
import http from 'node:http';

export const PASSWORD = 'correct horse';

// Node.js 18, which Debian 12 has, shows it only on demand, and these libraries need it.
globalThis.crypto ??= webcrypto;

// What a library logs belongs into the log, not into the line that the test reads.
console.log = console.info = console.debug = console.error;

export function serve(handler, facts = () => ({})) {
  const server = http.createServer(handler).listen(0, '127.0.0.1', () => {
    const origin = `http://127.0.0.1:${server.address().port}`;
    process.stdout.write(`${JSON.stringify({ origin, ...facts(origin) })}\n`);
  });
  process.stdin.resume().on('end', () => process.exit(0));
  return server;
}

export async function readBody(req) {
  const parts = [];
  for await (const part of req) parts.push(part);
  return Buffer.concat(parts);
}

export function answer(res, value, status = 200) {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

// From Node's request to the Request of the web that newer libraries take, and back from their Response.
export async function asWeb(req, res, handle) {
  const body = ['GET', 'HEAD'].includes(req.method) ? undefined : await readBody(req);
  const headers = Object.entries(req.headers).map(([name, value]) => [name, String(value)]);
  const reply = await handle(new Request(`http://${req.headers.host}${req.url}`, { method: req.method, headers, body }));
  res.statusCode = reply.status;
  for (const [name, value] of reply.headers) if (name !== 'set-cookie') res.setHeader(name, value);
  if (reply.headers.getSetCookie().length) res.setHeader('set-cookie', reply.headers.getSetCookie());
  res.end(Buffer.from(await reply.arrayBuffer()));
}
