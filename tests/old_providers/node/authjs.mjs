// Auth.js (@auth/core 0.41.3) twice: at /auth with sessions in cookies, at /rows with sessions in PostgreSQL.
import { Auth, setEnvDefaults } from '@auth/core';
import Credentials from '@auth/core/providers/credentials';
import PostgresAdapter from '@auth/pg-adapter';
import pg from 'pg';
import { TABLES } from './auth_tables.mjs';
import { PASSWORD, answer, asWeb, readBody, serve } from './serving.mjs';

const pool = new pg.Pool({ connectionString: process.env.DSN });
await pool.query(TABLES);
let secret = [process.env.SECRET];
const links = new Map();

const inCookies = () => ({
  secret,
  trustHost: true,
  basePath: '/auth',
  providers: [Credentials({
    credentials: { user: {}, password: {}, note: {} },
    authorize: ({ user, password, note }) => (password === PASSWORD ? { id: user, name: user, note } : null),
  })],
  callbacks: { // a long note makes the cookie come in chunks
    jwt: ({ token, user }) => (user ? { ...token, note: 'x'.repeat(Number(user.note ?? 0)) } : token),
    session: ({ session, token }) => ({ ...session, user: { ...session.user, id: token.sub } }),
  },
});
const inRows = () => ({
  secret,
  trustHost: true,
  basePath: '/rows',
  adapter: PostgresAdapter(pool),
  session: { strategy: 'database' },
  cookies: { sessionToken: { name: 'rows.session-token' } },
  providers: [{
    id: 'email', type: 'email', name: 'Email', from: 'old@example.test', maxAge: 600,
    sendVerificationRequest: ({ identifier, url }) => links.set(identifier, url),
  }],
});

serve(async (req, res) => {
  if (req.url === '/_old/rotate') {
    secret = [JSON.parse(await readBody(req)).secret, ...secret];
    return answer(res, { ok: true });
  }
  if (req.url === '/_old/retire') {
    secret = secret.slice(0, 1);
    return answer(res, { ok: true });
  }
  if (req.url === '/_old/link') return answer(res, { url: links.get(JSON.parse(await readBody(req)).email) });
  const config = req.url.startsWith('/rows') ? inRows() : inCookies();
  setEnvDefaults({}, config);
  return asWeb(req, res, (request) => Auth(request, config));
});
