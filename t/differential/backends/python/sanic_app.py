"""Sanic's own server and parsers."""

import asyncio
import logging

from sanic import Sanic, response

from report import Report

logging.disable(logging.CRITICAL)
app = Sanic("differential", configure_logging=False)
app.config.ACCESS_LOG = False
app.config.REQUEST_MAX_SIZE = 1 << 26


async def view(request, path=""):
    report = Report()
    report.body(request.body)
    report.attempt(lambda: report.add("query", "", dict(request.args)))
    report.attempt(lambda: report.items("query", request.query_args))
    report.attempt(lambda: [report.add("cookie", name, values) for name, values in request.cookies.items()])
    report.attempt(lambda: report.document("", request.load_json()))
    report.attempt(lambda: form(report, request))
    report.path(request.path)
    report.attempt(lambda: report.path(path))
    report.headers(request.headers.items())
    report.attempt(lambda: credentials(report, request))
    return response.raw(report.text(), content_type="application/json")


def form(report, request):
    is_multipart = request.headers.get("content-type", "").lower().startswith("multipart/")
    report.add("multipart" if is_multipart else "form", "", dict(request.form))
    for name, files in request.files.items():
        for file in files:
            report.add("file", name, file.body)
            report.add("filename", name, file.name)


def credentials(report, request):
    report.add("credentials", "", request.token)
    report.attempt(lambda: report.add("basic_user", "", request.credentials.username))
    report.attempt(lambda: report.add("basic_password", "", request.credentials.password))


METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]
app.add_route(view, "/", methods=METHODS, name="root", ignore_body=False)
app.add_route(view, "/<path:path>", methods=METHODS, name="path", ignore_body=False)


async def start(port):
    server = await app.create_server(
        "127.0.0.1", port, return_asyncio_server=True, access_log=False
    )
    await server.startup()
    await server.serve_forever()


def serve(port):
    asyncio.run(start(port))
