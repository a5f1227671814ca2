"""Tornado's own server and parsers."""

import asyncio

from tornado import escape, httpserver, web

from report import Report


class Handler(web.RequestHandler):
    """Answers every method alike."""

    def view(self, *_):
        report = Report()
        request = self.request
        report.body(request.body)
        report.add("query", "", request.query_arguments)
        for name in request.arguments:
            report.attempt(lambda: report.add("query", name, self.get_query_arguments(name)))
        is_multipart = request.headers.get("Content-Type", "").startswith("multipart/")
        place = "multipart" if is_multipart else "form"
        for name in request.body_arguments:
            report.attempt(lambda: report.add(place, name, self.get_body_arguments(name)))
        for name, files in request.files.items():
            for file in files:
                report.add("file", name, file.body)
                report.add("filename", name, file.filename)
        for name, morsel in request.cookies.items():
            report.add("cookie", name, morsel.value)
        report.attempt(lambda: report.document("", escape.json_decode(request.body)))
        report.path(escape.url_unescape(request.path, plus=False))
        report.headers(request.headers.get_all())
        self.set_header("Content-Type", "application/json")
        self.finish(report.text())

    get = head = post = put = patch = delete = options = view

    def log_exception(self, *_):
        pass


async def start(port):
    app = web.Application([(r".*", Handler)], log_function=lambda _: None)
    httpserver.HTTPServer(app, decompress_request=True).listen(port, "127.0.0.1")
    await asyncio.Event().wait()


def serve(port):
    asyncio.run(start(port))
