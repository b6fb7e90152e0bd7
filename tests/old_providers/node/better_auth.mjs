// better-auth 1.7.25 over PostgreSQL, with its admin plugin and its cookie cache, which answers for dead sessions.
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { admin } from 'better-auth/plugins';
import pg from 'pg';
import { answer, asWeb, readBody, serve } from './serving.mjs';

const pool = new pg.Pool({ connectionString: process.env.DSN, options: '-c search_path=public' });
let secret = process.env.SECRET;
let auth;
const made = (baseURL) => betterAuth({
  baseURL,
  secret,
  database: pool,
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  session: { cookieCache: { enabled: true, maxAge: 300 } },
  plugins: [admin()],
  telemetry: { enabled: false },
});
await (await getMigrations(made('http://127.0.0.1').options)).runMigrations();

const server = serve(async (req, res) => {
  const origin = `http://127.0.0.1:${server.address().port}`;
  auth ??= made(origin);
  if (req.url === '/_old/rotate') { // it signs cookies under one secret: those of the one before are dead there
    secret = JSON.parse(await readBody(req)).secret;
    auth = made(origin);
    return answer(res, { ok: true });
  }
  if (req.url === '/_old/admin') {
    const { email } = JSON.parse(await readBody(req));
    await pool.query('UPDATE "user" SET role = $1 WHERE email = $2', ['admin', email]);
    return answer(res, { ok: true });
  }
  return asWeb(req, res, (request) => auth.handler(request));
});
