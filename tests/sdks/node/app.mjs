// An Express application on the published SDK. Every SDK's application answers the same routes: see ../contract.py.
import express from "express";
import SuperTokens from "supertokens-node";
import Session from "supertokens-node/recipe/session/index.js";
import Multitenancy from "supertokens-node/recipe/multitenancy/index.js";
import { PrimitiveClaim } from "supertokens-node/recipe/session/claims.js";
import { errorHandler, middleware } from "supertokens-node/framework/express/index.js";
import { verifySession } from "supertokens-node/recipe/session/framework/express/index.js";

const env = process.env;
const port = Number(env.PORT);
const isDefaultExport = (module) => module.default ?? module;
const ST = isDefaultExport(SuperTokens);
const S = isDefaultExport(Session);
const M = isDefaultExport(Multitenancy);

const RoleClaim = new PrimitiveClaim({ key: "role", fetchValue: () => undefined });

ST.init({
  framework: "express",
  supertokens: { connectionURI: env.CORE, apiKey: env.API_KEY || undefined },
  appInfo: {
    appName: "segue",
    apiDomain: `http://127.0.0.1:${port}`,
    websiteDomain: env.WEBSITE || `http://127.0.0.1:${port}`,
    apiBasePath: "/auth",
  },
  recipeList: [
    S.init({
      antiCsrf: env.ANTI_CSRF || undefined,
      useDynamicAccessTokenSigningKey: env.STATIC !== "1",
      exposeAccessTokenToFrontendInCookieBasedAuth: true,
    }),
    M.init({}),
  ],
});

const calls = {
  info: ({ handle }) => S.getSessionInformation(handle),
  set_data: ({ handle, data }) => S.updateSessionDataInDatabase(handle, data),
  merge: ({ handle, changes }) => S.mergeIntoAccessTokenPayload(handle, changes),
  set_role: ({ handle, role }) => S.setClaimValue(handle, RoleClaim, role),
  get_role: async ({ handle }) => {
    const found = await S.getClaimValue(handle, RoleClaim);
    return found.status === "OK" ? (found.value ?? null) : found.status;
  },
  revoke: ({ handle }) => S.revokeSession(handle),
  revoke_many: ({ handles }) => S.revokeMultipleSessions(handles),
  revoke_user: ({ user, tenant }) => S.revokeAllSessionsForUser(user, undefined, tenant),
  handles: ({ user, tenant }) => S.getAllSessionHandlesForUser(user, undefined, tenant),
  jwt: async ({ payload, seconds, static: isStatic }) => (await S.createJWT(payload, seconds, isStatic)).jwt,
  map: async ({ internal, external, info, force }) => {
    const { status, ...flags } = await ST.createUserIdMapping({
      superTokensUserId: internal,
      externalUserId: external,
      externalUserIdInfo: info,
      force,
    });
    return status === "OK" ? status : { status, ...flags };
  },
  mapping: async ({ id, kind }) => {
    const found = await ST.getUserIdMapping({ userId: id, userIdType: kind });
    return found.status === "OK"
      ? { internal: found.superTokensUserId, external: found.externalUserId, info: found.externalUserIdInfo ?? null }
      : found.status;
  },
  unmap: async ({ id, kind, force }) =>
    (await ST.deleteUserIdMapping({ userId: id, userIdType: kind, force })).didMappingExist,
  map_info: async ({ id, kind, info }) =>
    (await ST.updateOrDeleteUserIdMappingInfo({ userId: id, userIdType: kind, externalUserIdInfo: info ?? undefined }))
      .status,
  put_tenant: async ({ tenant }) => (await M.createOrUpdateTenant(tenant)).createdNew,
  tenants: async () => (await M.listAllTenants()).tenants.map((tenant) => tenant.tenantId),
  delete_tenant: async ({ tenant }) => (await M.deleteTenant(tenant)).didExist,
  user_count: () => ST.getUserCount(),
  delete_user: async ({ user }) => (await ST.deleteUser(user)).status,
};

const shown = (session) => ({
  user: session.getUserId(),
  handle: session.getHandle(),
  tenant: session.getTenantId(),
  payload: session.getAccessTokenPayload(),
});

const app = express();
app.use(middleware());
app.use(express.json());
app.get("/ready", (_request, response) => response.send("ready"));

app.post("/signin", async (request, response) => {
  const { user, payload, data, tenant } = request.body;
  const id = new ST.RecipeUserId(user);
  const session = await S.createNewSession(request, response, tenant ?? "public", id, payload ?? {}, data ?? {});
  response.json(shown(session));
});
app.get("/me", verifySession(), (request, response) => response.json(shown(request.session)));
app.post("/me", verifySession(), (request, response) => response.json(shown(request.session)));
app.get("/checked", verifySession({ checkDatabase: true }), (request, response) => response.json(shown(request.session)));
app.post("/merge", verifySession(), async (request, response) => {
  await request.session.mergeIntoAccessTokenPayload(request.body);
  response.json(shown(request.session));
});
app.post("/revoke", verifySession(), async (request, response) => {
  await request.session.revokeSession();
  response.json({});
});
app.get(
  "/admin",
  verifySession({ overrideGlobalClaimValidators: (known) => [...known, RoleClaim.validators.hasValue("admin")] }),
  (request, response) => response.json(shown(request.session)),
);
app.post("/call/:name", async (request, response) => {
  const result = await calls[request.params.name](request.body);
  response.json({ result: result === undefined ? null : result });
});

app.use(errorHandler());
app.use((error, _request, response, _next) => response.status(500).json({ error: String(error) }));
app.listen(port, "127.0.0.1");
