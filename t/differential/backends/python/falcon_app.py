"""Falcon's parsers on the server of Python's wsgiref."""

from io import BytesIO

import falcon

from report import Report, serve_wsgi


class Sink:
    """Answers every method and path alike."""

    def __call__(self, request, response):
        report = Report()
        raw = request.bounded_stream.read()
        report.body(raw)
        report.attempt(lambda: report.add("query", "", request.params))
        for name in request.cookies:
            report.add("cookie", name, request.get_cookie_values(name))
        report.path(request.path)
        report.headers(request.headers.items())
        again = falcon.Request({**request.env, "wsgi.input": BytesIO(raw)}, options=request.options)
        report.attempt(lambda: media(report, again))
        response.data = report.text()
        response.content_type = "application/json"


def media(report, request):
    """The body by its type, with the handlers that Falcon has."""
    found = request.get_media()
    if isinstance(found, falcon.media.multipart.MultipartForm):
        for part in found:
            place = "multipart" if part.filename is None else "file"
            report.add(place, part.name, part.stream.read())
            report.attempt(lambda: report.add("filename", part.name, part.secure_filename))
    elif "json" in (request.content_type or ""):
        report.document("", found)
    elif "msgpack" in (request.content_type or ""):
        report.add("msgpack", "", found)
    else:
        report.add("form", "", found)


app = falcon.App()
app.add_sink(Sink())
app.req_options.auto_parse_qs_csv = True
app.req_options.strip_url_path_trailing_slash = False
app.req_options.media_handlers["application/msgpack"] = falcon.media.MessagePackHandler()


def serve(port):
    serve_wsgi(app, port)
