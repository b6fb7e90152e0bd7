// Makes tests/vectors/node_cookies.json with the published packages: node vectors.mjs > ../../vectors/node_cookies.json
// Every secret here is made up for these vectors. The JWEs hold their own times, so a test takes `made_at` for now.
import { createRequire } from 'node:module';
import { encode as authjs } from '@auth/core/jwt';
import { serializeSignedCookie } from 'better-call';
import nextAuthJwt from 'next-auth/jwt';

const require = createRequire(import.meta.url);
const cookie = require('cookie');
const { sign } = require('cookie-signature');

const [first, second] = ['vector-secret-one-0123456789abcdef', 'vector-secret-two-0123456789abcdef'];
const value = (line) => line.slice(line.indexOf('=') + 1).split(';')[0];
const user = { name: 'Åsa Öberg', email: 'asa@example.test', sub: 'user-7' };
const long = { ...user, note: 'x'.repeat(7000) };

const express = [];
for (const secret of [first, second]) {
  for (const id of ['Zb4yoFZ8-e_0kLmN3pQrStUvWxYz012a', 'with.dots.in', 'tenant:7/ünïcode', '~!*()\'', ...Array.from({ length: 24 }, (_, n) => `id-${n}`)]) {
    express.push({ secret, id, cookie: value(cookie.serialize('connect.sid', `s:${sign(id, secret)}`)) });
  }
}
const betterAuth = [];
for (const token of ['Nw3gkT0uVqXy2BdFhJlMnPrStUvWxYzA', 'a', ...Array.from({ length: 24 }, (_, n) => `token-${n}`)]) {
  betterAuth.push({ secret: first, token, cookie: value(await serializeSignedCookie('better-auth.session_token', token, first, { path: '/' })) });
}
const auth = [];
for (const [name, secret, token] of [
  ['authjs.session-token', first, user], ['__Secure-authjs.session-token', first, user],
  ['authjs.session-token', [second, first], user], ['authjs.session-token', first, long], ['authjs.session-token', first, {}],
]) auth.push({ name, secret: [secret].flat()[0], token, cookie: await authjs({ token, secret, salt: name, maxAge: 3600 }) });
auth.push({ name: 'authjs.pkce.code_verifier', secret: first, token: user, cookie: await authjs({ token: user, secret: first, salt: 'authjs.pkce.code_verifier', maxAge: 900 }) });
const next = [];
for (const [salt, token] of [['', user], ['', long], ['', {}], ['next-auth.state', user]]) {
  next.push({ salt, secret: first, token, cookie: await nextAuthJwt.encode({ token, secret: first, salt, maxAge: 3600 }) });
}
const made_at = Math.floor(Date.now() / 1000);
for (const each of [...auth, ...next]) each.made_at = made_at;
console.log(JSON.stringify({ express_session: express, better_auth: betterAuth, authjs: auth, nextauth: next }, null, 1));
