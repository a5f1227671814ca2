"""Strawberry's GraphQL over HTTP, on uvicorn."""

import strawberry
from starlette.requests import Request
from starlette.responses import Response
from strawberry.asgi import GraphQL
from strawberry.types import Info

from report import Report, serve_asgi


@strawberry.input
class Login:
    token: str | None = None


def note(info: Info, token: str | None = None, login: Login | None = None) -> str:
    report = info.context["request"].scope["report"]
    report.add("graphql", "", [token, login and login.token])
    return ""


@strawberry.type
class Query:
    login: str = strawberry.field(resolver=note)


@strawberry.type
class Mutation:
    login: str = strawberry.field(resolver=note)


graphql = GraphQL(
    strawberry.Schema(Query, Mutation), multipart_uploads_enabled=True, allow_queries_via_get=True
)


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    report = Report()
    raw = await Request(scope, receive).body()

    async def again():
        return {"type": "http.request", "body": raw, "more_body": False}

    async def ignore(_):
        pass

    await report.wait(graphql({**scope, "report": report}, again, ignore))
    await Response(report.text(), media_type="application/json")(scope, receive, send)


def serve(port):
    serve_asgi(app, port)
