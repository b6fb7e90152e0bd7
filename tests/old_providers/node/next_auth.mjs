// NextAuth.js 4.24.15 twice: at /api/auth with sessions in cookies, at /rows with sessions in PostgreSQL.
// Its handler for Next.js's API routes needs of them no more than `req.query.nextauth`, `req.cookies` and `req.body`.
import PostgresAdapter from '@auth/pg-adapter';
import nextAuth from 'next-auth';
import credentials from 'next-auth/providers/credentials';
import pg from 'pg';
import { TABLES } from './auth_tables.mjs';
import { PASSWORD, answer, readBody, serve } from './serving.mjs';

const NextAuth = nextAuth.default ?? nextAuth;
const Credentials = credentials.default ?? credentials;
const pool = new pg.Pool({ connectionString: process.env.DSN });
await pool.query(TABLES);
let secret = process.env.SECRET;
const links = new Map();

const inCookies = () => ({
  secret,
  providers: [Credentials({
    name: 'password',
    credentials: { user: {}, password: {}, note: {} },
    authorize: ({ user, password, note }) => (password === PASSWORD ? { id: user, name: user, note } : null),
  })],
  callbacks: {
    jwt: ({ token, user }) => (user ? { ...token, note: 'x'.repeat(Number(user.note ?? 0)) } : token),
    session: ({ session, token }) => ({ ...session, user: { ...session.user, id: token.sub } }),
  },
});
const inRows = () => ({
  secret,
  adapter: PostgresAdapter(pool),
  session: { strategy: 'database' },
  cookies: { sessionToken: { name: 'rows.session-token', options: { httpOnly: true, sameSite: 'lax', path: '/' } } },
  callbacks: { session: ({ session, user }) => ({ ...session, user: { ...session.user, id: user.id } }) },
  providers: [{
    id: 'email', type: 'email', name: 'Email', from: 'old@example.test', maxAge: 600, server: '', options: {},
    sendVerificationRequest: ({ identifier, url }) => links.set(identifier, url),
  }],
});

serve(async (req, res) => {
  const url = new URL(req.url, `http://${req.headers.host}`);
  const body = await readBody(req);
  if (url.pathname === '/_old/rotate') {
    secret = JSON.parse(body).secret;
    return answer(res, { ok: true });
  }
  if (url.pathname === '/_old/link') return answer(res, { url: links.get(JSON.parse(body).email) });
  const base = url.pathname.startsWith('/rows') ? '/rows' : '/api/auth';
  process.env.NEXTAUTH_URL = `${url.origin}${base}`;
  req.body = Object.fromEntries(new URLSearchParams(body.toString()));
  req.query = { ...Object.fromEntries(url.searchParams), nextauth: url.pathname.slice(base.length + 1).split('/') };
  req.cookies = Object.fromEntries((req.headers.cookie ?? '').split('; ').filter(Boolean)
    .map((pair) => [pair.slice(0, pair.indexOf('=')), decodeURIComponent(pair.slice(pair.indexOf('=') + 1))]));
  res.status = (code) => Object.assign(res, { statusCode: code });
  res.json = (value) => res.setHeader('content-type', 'application/json') && res.end(JSON.stringify(value));
  res.send = (value) => (typeof value === 'object' ? res.json(value) : res.end(value));
  res.redirect = (where) => res.writeHead(302, { location: where }).end();
  return NextAuth(req, res, base === '/rows' ? inRows() : inCookies());
});
