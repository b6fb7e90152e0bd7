// cognito-local 5.3.0: user pools emulated, with issuers of the form that Amazon's have, which nobody can reach here.
import { createRequire } from 'node:module';
import { mkdirSync, writeFileSync } from 'node:fs';
import './serving.mjs'; // first of all: what is logged goes to standard error

const require = createRequire(import.meta.url);
const config = {
  TokenConfig: { IssuerDomain: process.env.ISSUER_DOMAIN },
  ServerConfig: { hostname: '127.0.0.1', port: 0 },
};
process.chdir(process.env.FOLDER); // where it keeps its pools
mkdirSync('.cognito');
writeFileSync('.cognito/config.json', JSON.stringify(config));

const quiet = { debug() {}, info() {}, warn: console.error, error: console.error, child: () => quiet };
const { createDefaultServer } = require('cognito-local');
const server = await (await createDefaultServer(quiet)).start();
process.stdout.write(`${JSON.stringify({ origin: `http://127.0.0.1:${server.address().port}` })}\n`);
process.stdin.resume().on('end', () => process.exit(0));
