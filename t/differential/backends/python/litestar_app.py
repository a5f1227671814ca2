"""Litestar on uvicorn."""

from litestar import Litestar, Request, Response, route
from litestar.datastructures import UploadFile

from report import Report, serve_asgi

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]


@route(["/", "/{path:path}"], http_method=METHODS)
async def view(request: Request) -> Response:
    report = Report()
    report.body(await request.body())
    report.attempt(lambda: report.items("query", request.query_params.multi_items()))
    report.attempt(lambda: report.add("cookie", "", request.cookies))
    report.path(request.url.path)
    report.path(request.scope["path"])
    report.headers(request.headers.multi_items())
    await report.wait(form(report, request))
    await report.wait(documents(report, request))
    return Response(report.text(), media_type="application/json")


async def form(report, request):
    kind, _ = request.content_type
    for name, value in (await request.form()).multi_items():
        if isinstance(value, UploadFile):
            report.add("file", name, await value.read())
            report.add("filename", name, value.filename)
        else:
            report.add("multipart" if kind.startswith("multipart/") else "form", name, value)


async def documents(report, request):
    kind, _ = request.content_type
    if "msgpack" in kind:
        report.add("msgpack", "", await request.msgpack())
    else:
        report.document("", await request.json())


app = Litestar([view], request_max_body_size=1 << 26, logging_config=None, openapi_config=None)


def serve(port):
    serve_asgi(app, port)
