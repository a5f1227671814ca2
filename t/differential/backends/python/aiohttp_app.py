"""aiohttp's own server and parsers."""

import asyncio
import json

from aiohttp import BasicAuth, web

from report import Report


async def view(request):
    report = Report()
    report.attempt(lambda: report.items("query", request.query.items()))
    report.attempt(lambda: report.add("cookie", "", dict(request.cookies)))
    report.path(request.path)
    report.headers(request.headers.items())
    report.attempt(lambda: basic(report, request.headers["Authorization"]))
    try:
        await body(report, request)
    except Exception:  # a body that the framework refuses shows nothing
        pass
    return web.Response(body=report.text(), content_type="application/json")


def basic(report, value):
    found = BasicAuth.decode(value)
    report.add("basic_user", "", found.login)
    report.add("basic_password", "", found.password)


async def body(report, request):
    is_multipart = request.content_type.startswith("multipart/")
    if not is_multipart:
        report.body(await request.read())
        text = await request.text()  # what json() parses
        report.attempt(lambda: report.document("", json.loads(text)))
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            report.add("file", name, value.file.read())
            report.add("filename", name, value.filename)
        else:
            report.add("multipart" if is_multipart else "form", name, value)


async def start(port):
    app = web.Application(client_max_size=1 << 26)
    app.router.add_route("*", "/{path:.*}", view)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


def serve(port):
    asyncio.run(start(port))
