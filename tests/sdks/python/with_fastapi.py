"""A FastAPI application on the published SDK; the same routes as every SDK's, see ../contract.py."""

import uvicorn
from fastapi import Body, Depends, FastAPI, Request
from sdk import CALLS, PORT, set_up, shown, sign_in, with_role
from supertokens_python.framework.fastapi import get_middleware
from supertokens_python.recipe.session.framework.fastapi import verify_session

set_up("fastapi", "asgi")
app = FastAPI()
app.add_middleware(get_middleware())


@app.get("/ready")
async def ready():
    return "ready"


@app.post("/signin")
async def signin(request: Request, body: dict = Body()):
    return shown(await sign_in(request, body))


@app.api_route("/me", methods=["GET", "POST"])
async def me(session=Depends(verify_session())):
    return shown(session)


@app.get("/checked")
async def checked(session=Depends(verify_session(check_database=True))):
    return shown(session)


@app.post("/merge")
async def merge(body: dict = Body(), session=Depends(verify_session())):
    await session.merge_into_access_token_payload(body)
    return shown(session)


@app.post("/revoke")
async def revoke(session=Depends(verify_session())):
    await session.revoke_session()
    return {}


@app.get("/admin")
async def admin(session=Depends(verify_session(override_global_claim_validators=with_role))):
    return shown(session)


@app.post("/call/{name}")
async def call(name: str, args: dict = Body()):
    return {"result": await CALLS[name](args)}


uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="warning")
