"""Starlette, which FastAPI is made of, with python-multipart, on uvicorn."""

import sys

import uvicorn
from starlette.requests import Request
from starlette.responses import Response

from report import Report

FORM = b"application/x-www-form-urlencoded"


async def view(scope, receive, send):
    if scope["type"] != "http":
        return
    request = Request(scope, receive)
    report = Report()
    body = await request.body()
    report.raw(body)
    report.attempt(lambda: add_items(report, "query", request.query_params.multi_items()))
    report.attempt(lambda: report.add("cookie", "", request.cookies))
    report.attempt(lambda: report.path(request.url.path))
    report.attempt(lambda: report.path(scope["path"]))
    report.json(body)
    for name, value in request.headers.items():
        report.header(name, value)
    report.authorization(request.headers.get("authorization", ""))
    for forced in [None, FORM]:
        try:
            await form(report, scope, body, forced)
        except Exception:  # a form that the framework refuses shows nothing
            pass
    response = Response(report.text(), media_type="application/json")
    await response(scope, receive, send)


def add_items(report, place, items):
    for name, value in items:
        report.add(place, name, value)


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


uvicorn.run(view, host="127.0.0.1", port=int(sys.argv[1]), log_level="critical")
