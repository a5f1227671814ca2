"""FastAPI's own parameters, on uvicorn: each as an endpoint declares it."""

from typing import Annotated, Any

from fastapi import Body, Cookie, Depends, FastAPI, Form, Header, Query, Request, Response, UploadFile
from fastapi.security import HTTPBasic, HTTPBearer, OAuth2PasswordBearer

from report import Report, serve_asgi

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]
app = FastAPI(openapi_url=None)
Text = str | None


@app.api_route("/head", methods=METHODS)
async def head(
    request: Request,
    access_token: Annotated[list[str] | None, Query()] = None,
    session_id: Annotated[Text, Cookie()] = None,
    x_api_key: Annotated[list[str] | None, Header()] = None,
    bearer=Depends(HTTPBearer(auto_error=False)),
    token=Depends(OAuth2PasswordBearer("token", auto_error=False)),
):
    report = request.scope["report"]
    report.add("query", "access_token", access_token)
    report.add("cookie", "session_id", session_id)
    report.add("header", "x-api-key", x_api_key)
    report.add("credentials", "", [bearer.credentials if bearer else None, token])


@app.api_route("/basic", methods=METHODS)
async def basic(request: Request, found=Depends(HTTPBasic())):
    request.scope["report"].add("basic_user", "", found.username)
    request.scope["report"].add("basic_password", "", found.password)


@app.api_route("/form", methods=METHODS)
async def form(request: Request, access_token: Annotated[list[str], Form()]):
    kind = request.headers.get("content-type", "").lower()
    place = "multipart" if kind.startswith("multipart/") else "form"
    request.scope["report"].add(place, "access_token", access_token)


@app.api_route("/file", methods=METHODS)
async def file(request: Request, access_token: UploadFile):
    request.scope["report"].add("file", "access_token", await access_token.read())


@app.api_route("/json", methods=METHODS)
async def document(request: Request, value: Annotated[Any, Body()]):
    request.scope["report"].document("", value)


async def every(scope, receive, send):
    """Has each endpoint read the same request."""
    if scope["type"] != "http":
        return
    report = Report()
    raw = await Request(scope, receive).body()
    report.body(raw)
    report.path(scope["path"])
    report.headers((name.decode(), value.decode("latin-1")) for name, value in scope["headers"])

    async def again():
        return {"type": "http.request", "body": raw, "more_body": False}

    async def ignore(_):
        pass

    for path in ["/head", "/basic", "/form", "/file", "/json"]:
        inner = {**scope, "path": path, "report": report, "state": {}}
        await report.wait(app(inner, again, ignore))
    await Response(report.text(), media_type="application/json")(scope, receive, send)


def serve(port):
    serve_asgi(every, port)
