// An Express application that leaves its auth provider: sessions live in `segue core`, through the published SDK.
//
//   CORE=http://127.0.0.1:3567 OLD_ISSUER=https://login.example.com OLD_AUDIENCE=https://api.example.com npm start
import cors from "cors";
import express from "express";
import { createRemoteJWKSet, jwtVerify } from "jose";
import SuperTokens from "supertokens-node";
import { errorHandler, middleware } from "supertokens-node/framework/express/index.js";
import { verifySession } from "supertokens-node/recipe/session/framework/express/index.js";
import Session from "supertokens-node/recipe/session/index.js";

const { CORE, CORE_API_KEY, OLD_ISSUER, OLD_AUDIENCE, OLD_CLIENT, PORT = "4000" } = process.env;
const API = process.env.API ?? `http://localhost:${PORT}`;
const WEBSITE = process.env.WEBSITE ?? API;

SuperTokens.init({
  framework: "express",
  supertokens: { connectionURI: CORE, apiKey: CORE_API_KEY },
  appInfo: { appName: "Example", apiDomain: API, websiteDomain: WEBSITE, apiBasePath: "/auth" },
  recipeList: [Session.init()],
});

// Where the old provider publishes its keys, and whom its tokens must be for.
const discovery = await fetch(`${OLD_ISSUER}/.well-known/openid-configuration`).then((answer) => answer.json());
const oldKeys = createRemoteJWKSet(new URL(discovery.jwks_uri));
const expected = { issuer: OLD_ISSUER, audience: OLD_AUDIENCE, algorithms: ["RS256", "ES256"] };

const app = express();
app.use(
  cors({
    origin: WEBSITE,
    allowedHeaders: ["content-type", "idempotency-key", ...SuperTokens.getAllCORSHeaders()],
    credentials: true,
  }),
);

// Before the SDK's middleware, so that the old token is not taken for one of ours.
app.post("/auth/migrate-session", express.json(), async (request, response) => {
  const oldToken = request.headers.authorization?.replace(/^Bearer /, "");
  let identity;
  try {
    ({ payload: identity } = await jwtVerify(oldToken ?? "", oldKeys, expected));
    if (OLD_CLIENT && identity.client_id !== OLD_CLIENT) throw new Error("a token for another client");
  } catch {
    response.status(401).json({ message: "the old session does not hold" });
    return;
  }
  const userId = SuperTokens.convertToRecipeUserId(identity.sub);
  const session = await Session.createNewSession(request, response, "public", userId);
  await endOldSession(request.body?.refreshToken);
  response.json({
    status: "OK",
    result: "MIGRATED",
    userId: session.getUserId(),
    sessionHandle: session.getHandle(),
    endPreviousSession: true,
  });
});

// RFC 7009. The new session stands whether or not the old provider answers.
async function endOldSession(token) {
  if (!token || !discovery.revocation_endpoint) return;
  const body = new URLSearchParams({ token, client_id: OLD_CLIENT ?? "" });
  await fetch(discovery.revocation_endpoint, { method: "POST", body }).catch(() => undefined);
}

app.use(middleware());

const whoIsAsking = (request, response) =>
  response.json({ userId: request.session.getUserId(), sessionHandle: request.session.getHandle() });
app.get("/api/me", verifySession(), whoIsAsking);
app.post("/api/me", verifySession(), whoIsAsking);
app.get("/health", (_request, response) => response.json({ status: "OK" }));

if (process.env.PAGES) app.use(express.static(process.env.PAGES));
app.use(errorHandler());
app.listen(Number(PORT), "127.0.0.1", () => console.log(`listening on ${API}`));
