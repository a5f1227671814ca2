"""Starlette, which FastAPI is made of, with python-multipart, on uvicorn."""

from starlette.requests import Request
from starlette.responses import Response

from report import Report, serve_asgi

FORM = b"application/x-www-form-urlencoded"


async def view(scope, receive, send):
    if scope["type"] != "http":
        return
    request = Request(scope, receive)
    report = Report()
    body = await request.body()
    report.body(body)
    report.attempt(lambda: report.items("query", request.query_params.multi_items()))
    report.attempt(lambda: report.add("cookie", "", request.cookies))
    report.attempt(lambda: report.path(request.url.path))
    report.attempt(lambda: report.path(scope["path"]))
    report.headers(request.headers.items())
    for forced in [None, FORM]:
        await report.wait(form(report, scope, body, forced))
    response = Response(report.text(), media_type="application/json")
    await response(scope, receive, send)


async def form(report, scope, body, forced):
    """The form by its type, or as the type that an application insists on."""
    headers = scope["headers"]
    if forced:
        headers = [line for line in headers if line[0] != b"content-type"]
        headers = [*headers, (b"content-type", forced)]

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    again = Request({**scope, "headers": headers}, receive)
    is_multipart = again.headers.get("content-type", "").lower().startswith("multipart/")
    for name, value in (await again.form()).multi_items():
        if isinstance(value, str):
            report.add("multipart" if is_multipart else "form", name, value)
        else:
            report.add("file", name, await value.read())
            report.add("filename", name, value.filename)


def serve(port):
    serve_asgi(view, port)
