// An Express application that leaves its auth provider: sessions live in `segue core`, through the published SDK, and
// `segue serve`, on the same database, moves users onto them.
//
//   CORE=http://127.0.0.1:3567 ENGINE=http://127.0.0.1:8090 npm start
import cors from "cors";
import express from "express";
import SuperTokens from "supertokens-node";
import { errorHandler, middleware } from "supertokens-node/framework/express/index.js";
import { verifySession } from "supertokens-node/recipe/session/framework/express/index.js";
import Session from "supertokens-node/recipe/session/index.js";

const { CORE, CORE_API_KEY, ENGINE, PORT = "4000" } = process.env;
const API = process.env.API ?? `http://localhost:${PORT}`;
const WEBSITE = process.env.WEBSITE ?? API;

SuperTokens.init({
  framework: "express",
  supertokens: { connectionURI: CORE, apiKey: CORE_API_KEY },
  appInfo: { appName: "Example", apiDomain: API, websiteDomain: WEBSITE, apiBasePath: "/auth" },
  recipeList: [Session.init()],
});

const app = express();
app.use(
  cors({
    origin: WEBSITE,
    allowedHeaders: ["content-type", "idempotency-key", ...SuperTokens.getAllCORSHeaders()],
    credentials: true,
  }),
);

// A move is the engine's business: once for each sign-in, again for whoever lost the answer, never for a thief. The
// request goes there as it came, the answer comes back with the tokens on it. Before the SDK's middleware, so that the
// old token is not taken for one of ours.
app.post("/auth/migrate-session", express.raw({ type: () => true, limit: "16kb" }), async (request, response) => {
  const headers = new Headers();
  for (const name of PASSED_ON) if (request.headers[name] !== undefined) headers.set(name, request.headers[name]);
  headers.set("x-forwarded-for", request.ip);
  const body = request.body instanceof Buffer ? request.body : undefined;
  let answer;
  try {
    const asked = { method: "POST", headers, body, redirect: "error", signal: AbortSignal.timeout(10_000) };
    answer = await fetch(`${ENGINE}/auth/migrate-session`, asked);
  } catch {
    response.status(503).set("retry-after", "1").json({ status: "REFUSED", code: "UNAVAILABLE", retryable: true });
    return;
  }
  for (const [name, value] of answer.headers) if (PASSED_BACK.has(name)) response.append(name, value);
  response.status(answer.status).send(Buffer.from(await answer.arrayBuffer()));
});

const PASSED_ON = [
  ...["authorization", "cookie", "content-type", "idempotency-key", "origin", "sec-fetch-site", "user-agent"],
  ...["rid", "st-auth-mode", "anti-csrf", "fdi-version"],
];
const PASSED_BACK = new Set([
  ...["content-type", "cache-control", "retry-after", "set-cookie", "access-control-expose-headers"],
  ...["front-token", "anti-csrf", "st-access-token", "st-refresh-token"],
]);

app.use(middleware());

const whoIsAsking = (request, response) =>
  response.json({ userId: request.session.getUserId(), sessionHandle: request.session.getHandle() });
app.get("/api/me", verifySession(), whoIsAsking);
app.post("/api/me", verifySession(), whoIsAsking);
app.get("/health", (_request, response) => response.json({ status: "OK" }));

if (process.env.PAGES) app.use(express.static(process.env.PAGES));
app.use(errorHandler());
app.listen(Number(PORT), "127.0.0.1", () => console.log(`listening on ${API}`));
