"""A Django application on the published SDK; the same routes as every SDK's, see ../contract.py."""

import json

import django
import uvicorn
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpResponse, JsonResponse
from django.urls import path
from sdk import CALLS, PORT, set_up, shown, sign_in, with_role
from supertokens_python.recipe.session.framework.django.asyncio import verify_session

settings.configure(
    SECRET_KEY="only for tests",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["supertokens_python.framework.django.django_middleware.middleware"],
)
django.setup()
set_up("django", "asgi")


async def ready(_request):
    return HttpResponse("ready")


async def signin(request):
    return JsonResponse(shown(await sign_in(request, json.loads(request.body))))


@verify_session()
async def me(request):
    return JsonResponse(shown(request.supertokens))


@verify_session(check_database=True)
async def checked(request):
    return JsonResponse(shown(request.supertokens))


@verify_session()
async def merge(request):
    await request.supertokens.merge_into_access_token_payload(json.loads(request.body))
    return JsonResponse(shown(request.supertokens))


@verify_session()
async def revoke(request):
    await request.supertokens.revoke_session()
    return JsonResponse({})


@verify_session(override_global_claim_validators=with_role)
async def admin(request):
    return JsonResponse(shown(request.supertokens))


async def call(request, name):
    return JsonResponse({"result": await CALLS[name](json.loads(request.body))})


urlpatterns = [
    path("ready", ready),
    path("signin", signin),
    path("me", me),
    path("checked", checked),
    path("merge", merge),
    path("revoke", revoke),
    path("admin", admin),
    path("call/<name>", call),
]

uvicorn.run(get_asgi_application(), host="127.0.0.1", port=PORT, log_level="warning")
