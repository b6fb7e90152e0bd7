// better-auth creating sessions on SQLite. Reads lines "<what> <count>" and answers each with one line of JSON:
// microseconds of CPU and of wall time per operation.
//
// "signIn": its own sign-in with the password hash stubbed out. "createSession": its internal adapter alone.

import { createInterface } from "node:readline";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import Database from "better-sqlite3";

const [file, synchronous] = process.argv.slice(2);
const database = new Database(file);
database.pragma("journal_mode = WAL");
database.pragma(`synchronous = ${synchronous}`);

const options = {
  database,
  secret: "a secret for benchmarks and nothing else 0123456789",
  baseURL: "http://localhost:3000",
  emailAndPassword: {
    enabled: true,
    password: { hash: async () => "stub", verify: async () => true },
  },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { level: "error" },
};
await (await getMigrations(options)).runMigrations();
const auth = betterAuth(options);
const body = { email: "somebody@example.com", password: "correct horse battery" };
const { user } = await auth.api.signUpEmail({ body: { ...body, name: "Somebody" } });
const context = await auth.$context;

const operations = {
  signIn: () => auth.api.signInEmail({ body }),
  createSession: () => context.internalAdapter.createSession(user.id),
};

process.stdout.write("ready\n");
for await (const line of createInterface({ input: process.stdin })) {
  const [what, count] = line.split(" ");
  const operation = operations[what];
  const cpu = process.cpuUsage();
  const wall = process.hrtime.bigint();
  for (let number = 0; number < Number(count); number++) await operation();
  const spent = process.cpuUsage(cpu);
  const sample = {
    cpu: (spent.user + spent.system) / Number(count),
    wall: Number(process.hrtime.bigint() - wall) / 1000 / Number(count),
  };
  process.stdout.write(`${JSON.stringify(sample)}\n`);
}
