// better-auth 1.7.25 with its jwt plugin, in memory: EdDSA keys of its own, and JWTs that outlive their session.
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { jwt } from 'better-auth/plugins';
import { answer, asWeb, readBody, serve } from './serving.mjs';

const HOUR = 3600;
const tables = { user: [], session: [], account: [], verification: [], jwks: [] };
let auth;
const made = (baseURL) => betterAuth({
  baseURL,
  secret: process.env.SECRET,
  database: memoryAdapter(tables),
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  plugins: [jwt({ jwks: { rotationInterval: 30 * 24 * HOUR, gracePeriod: HOUR } })],
  telemetry: { enabled: false },
});

const server = serve(async (req, res) => {
  auth ??= made(`http://127.0.0.1:${server.address().port}`);
  // Time does what an operator would do: the interval is over, then the grace period of the key.
  if (req.url === '/_old/rotate') {
    for (const key of tables.jwks) key.expiresAt ??= new Date();
    for (const key of tables.jwks) if (key.expiresAt > new Date()) key.expiresAt = new Date(Date.now() - 1000);
    return answer(res, { ok: true });
  }
  if (req.url === '/_old/retire') {
    for (const key of tables.jwks) key.expiresAt = new Date(Date.now() - 2 * HOUR * 1000);
    return answer(res, { ok: true });
  }
  if (req.url === '/_old/verify') {
    const { token } = JSON.parse(await readBody(req));
    return answer(res, await auth.api.verifyJWT({ body: { token } }));
  }
  return asWeb(req, res, (request) => auth.handler(request));
});
