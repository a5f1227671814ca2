"""CherryPy on its own server, Cheroot."""

import cherrypy
from cheroot.wsgi import Server

from report import Report


class Root:
    """Answers every path alike; `params` are those of the query and the body."""

    @cherrypy.expose
    def default(self, *segments, **params):
        report = Report()
        request = cherrypy.request
        report.add("query", "", query(request))
        report.attempt(lambda: form(report, request))
        for name, morsel in request.cookie.items():
            report.add("cookie", name, morsel.value)
        report.add("path", "", list(segments))
        report.path(request.path_info)
        report.headers(request.headers.items())
        cherrypy.response.headers["Content-Type"] = "application/json"
        return report.text()

    index = default


def query(request):
    return cherrypy.lib.httputil.parse_query_string(request.query_string)


def form(report, request):
    """The parts of the body, as the tools of the framework hand them to a handler."""
    is_multipart = request.body.content_type.value.startswith("multipart/")
    for name, value in request.body.params.items():
        for one in value if isinstance(value, list) else [value]:
            if hasattr(one, "file") and one.filename:
                report.add("file", name, one.file.read())
                report.add("filename", name, one.filename)
            else:
                report.add("multipart" if is_multipart else "form", name, one)
    report.attempt(lambda: report.document("", getattr(request, "json", None)))
    if not is_multipart:
        report.attempt(lambda: report.body(request.body.fp.read()))


cherrypy.config.update({"environment": "embedded", "log.screen": False})
cherrypy.log.error_log.disabled = True
config = {"/": {"tools.json_in.on": True, "tools.json_in.force": False}}
app = cherrypy.Application(Root(), "", config)


def serve(port):
    Server(("127.0.0.1", port), app, numthreads=2).start()
