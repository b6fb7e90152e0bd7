// The home-made kind: jsonwebtoken 9.0.3 signs with one secret, passport-jwt 4.0.1 checks, and nothing takes back.
import express from 'express';
import jwt from 'jsonwebtoken';
import passport from 'passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { PASSWORD, serve } from './serving.mjs';

let secret = process.env.SECRET;
passport.use(new Strategy({
  jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
  secretOrKeyProvider: (_request, _token, done) => done(null, secret),
  algorithms: ['HS256'],
}, ({ userId }, done) => done(null, userId ? { userId } : false)));

const app = express();
app.use(express.json(), passport.initialize());
app.post('/login', ({ body: { user, password } }, res) => {
  if (password !== PASSWORD) return res.sendStatus(401);
  const member = { userId: user, role: 'member' };
  return res.json({
    token: jwt.sign(member, secret, { expiresIn: '7d' }),
    forever: jwt.sign(member, secret),
    reset: jwt.sign({ userId: user, purpose: 'password-reset' }, secret, { expiresIn: '1h' }),
    unmarked: jwt.sign({ userId: user }, secret, { expiresIn: '1h' }), // a link whose maker marked nothing
    stale: jwt.sign({ ...member, iat: Math.floor(Date.now() / 1000) - 2 * 24 * 3600 }, secret, { expiresIn: '7d' }),
  });
});
app.get('/me', passport.authenticate('jwt', { session: false }), (req, res) => res.json({ user: req.user.userId }));
app.post('/_old/secret', (req, res) => { secret = req.body.secret; res.json({ ok: true }); });
serve(app);
