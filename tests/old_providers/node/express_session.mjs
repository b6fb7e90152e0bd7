// express-session 1.19.0 with Passport 0.7.0; rows in files (session-file-store 1.5.0), or in Redis (connect-redis 9.0.0).
import { createRequire } from 'node:module';
import { RedisStore } from 'connect-redis';
import express from 'express';
import session from 'express-session';
import passport from 'passport';
import { Strategy } from 'passport-local';
import { createClient } from 'redis';
import fileStore from 'session-file-store';
import { PASSWORD, serve } from './serving.mjs';

const { sign } = createRequire(import.meta.url)('cookie-signature');
let secrets = [process.env.SECRET];
let store;
if (process.env.REDIS_PORT) {
  const client = createClient({ url: `redis://127.0.0.1:${process.env.REDIS_PORT}` });
  await client.connect();
  store = new RedisStore({ client });
} else {
  store = new (fileStore(session))({ path: process.env.FOLDER, retries: 0, logFn() {} });
}
const cookie = { maxAge: 24 * 3600 * 1000 };
const made = () => session({ secret: secrets, resave: false, saveUninitialized: false, store, cookie });
let middleware = made();

passport.use(new Strategy((name, password, done) => done(null, password === PASSWORD ? { id: name } : false)));
passport.serializeUser((user, done) => done(null, user.id));
passport.deserializeUser((id, done) => done(null, { id }));

const app = express();
app.use(express.json(), (req, res, next) => middleware(req, res, next), passport.session());
app.post('/login', passport.authenticate('local'), (req, res) => {
  req.session.signedInAt = Date.now();
  res.json({ user: req.user.id });
});
app.post('/logout', (req, res, next) => req.logout((error) => (error ? next(error) : res.json({ ok: true }))));
app.get('/me', (req, res) => res.json({ user: req.user?.id ?? null }));
// An anonymous visitor has a session too, and cookie-parser signs what visitors choose under the same secret.
app.post('/basket', (req, res) => res.json({ count: (req.session.basket = [req.body.item]).length }));
app.post('/theme', (req, res) => res.cookie('theme', `s:${sign(req.body.theme, secrets[0])}`).json({ ok: true }));

app.post('/_old/rotate', (req, res) => {
  secrets = [req.body.secret, ...secrets];
  middleware = made();
  res.json({ ok: true });
});
app.post('/_old/retire', (_req, res) => {
  secrets = secrets.slice(0, 1);
  middleware = made();
  res.json({ ok: true });
});
serve(app);
