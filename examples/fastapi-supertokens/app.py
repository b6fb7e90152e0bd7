"""
A FastAPI application that leaves its auth provider: sessions live in `segue core`, through the published SDK.

    CORE=http://127.0.0.1:3567 OLD_ISSUER=https://login.example.com OLD_AUDIENCE=https://api.example.com python app.py
"""

import os
from typing import Annotated, Any

import httpx
import jwt
import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from fastapi.middleware.cors import CORSMiddleware
from supertokens_python import InputAppInfo, SupertokensConfig, get_all_cors_headers, init
from supertokens_python.framework.fastapi import get_middleware
from supertokens_python.recipe import session
from supertokens_python.recipe.session import SessionContainer
from supertokens_python.recipe.session.asyncio import create_new_session
from supertokens_python.recipe.session.framework.fastapi import verify_session
from supertokens_python.types import RecipeUserId

PORT = int(os.environ.get("PORT", "4000"))
API = os.environ.get("API", f"http://localhost:{PORT}")
WEBSITE = os.environ.get("WEBSITE", API)
OLD_ISSUER, OLD_AUDIENCE = os.environ["OLD_ISSUER"], os.environ["OLD_AUDIENCE"]
OLD_CLIENT = os.environ.get("OLD_CLIENT")

init(
    app_info=InputAppInfo(app_name="Example", api_domain=API, website_domain=WEBSITE, api_base_path="/auth"),
    supertokens_config=SupertokensConfig(
        connection_uri=os.environ["CORE"], api_key=os.environ.get("CORE_API_KEY")
    ),
    framework="fastapi",
    recipe_list=[session.init()],
    mode="asgi",
)

# Where the old provider publishes its keys.
discovery = httpx.get(f"{OLD_ISSUER}/.well-known/openid-configuration").raise_for_status().json()
old_keys = jwt.PyJWKClient(discovery["jwks_uri"])

app = FastAPI()


def old_identity(authorization: Annotated[str, Header()] = "") -> dict[str, Any]:
    """Claims of the old provider's token, verified. Not a coroutine: fetching keys blocks."""
    token = authorization.removeprefix("Bearer ")
    try:
        key = old_keys.get_signing_key_from_jwt(token)
        claims = jwt.decode(
            token, key, algorithms=["RS256", "ES256"], issuer=OLD_ISSUER, audience=OLD_AUDIENCE
        )
    except jwt.PyJWTError as error:
        raise HTTPException(401, "the old session does not hold") from error
    if OLD_CLIENT and claims.get("client_id") != OLD_CLIENT:
        raise HTTPException(401, "the old session does not hold")
    return claims


@app.post("/migrate-session")
async def migrate_session(
    request: Request, identity: Annotated[dict[str, Any], Depends(old_identity)]
) -> dict[str, str]:
    """Exchange a session of the old provider for one of ours; the tokens ride on the response."""
    made = await create_new_session(request, "public", RecipeUserId(identity["sub"]))
    return {"status": "OK", "userId": made.get_user_id(), "sessionHandle": made.get_handle()}


@app.get("/api/me")
async def me(session: Annotated[SessionContainer, Depends(verify_session())]) -> dict[str, str]:
    """Who is asking."""
    return {"userId": session.get_user_id(), "sessionHandle": session.get_handle()}


@app.get("/health")
async def health() -> dict[str, str]:
    """Whether the application runs."""
    return {"status": "OK"}


app.add_middleware(get_middleware())
app.add_middleware(
    CORSMiddleware,
    allow_origins=[WEBSITE],
    allow_credentials=True,
    allow_methods=["*"],
    allow_headers=["content-type", *get_all_cors_headers()],
)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=PORT)
