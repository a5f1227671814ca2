"""Flask on Werkzeug's own server."""

from io import BytesIO

from flask import Flask, Response, request
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request

from report import Report

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]
FORM = "application/x-www-form-urlencoded"

app = Flask(__name__)


@app.route("/", defaults={"path": ""}, methods=METHODS, provide_automatic_options=False)
@app.route("/<path:path>", methods=METHODS, provide_automatic_options=False)
def view(path):
    report = Report()
    body = request.get_data(cache=True)
    report.body(body)
    report.attempt(lambda: report.add("query", "", request.args.to_dict(flat=False)))
    report.attempt(lambda: report.add("cookie", "", request.cookies.to_dict(flat=False)))
    report.attempt(lambda: report.path(request.path))
    report.attempt(lambda: report.document("", request.get_json(force=True)))
    report.headers(request.headers.items())
    report.attempt(lambda: authorization(report))
    for forced in [None, FORM]:
        report.attempt(lambda: form(report, body, forced))
    return Response(report.text(), content_type="application/json")


def authorization(report):
    """As Werkzeug reads it."""
    found = request.authorization
    if found is not None:
        report.add("credentials", "", found.token)
        report.add("basic_user", "", found.get("username"))
        report.add("basic_password", "", found.get("password"))


def form(report, body, forced):
    """The form by its type, or as the type that an application insists on."""
    environ = {**request.environ, "wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    environ.pop("werkzeug.request", None)
    if forced:
        environ["CONTENT_TYPE"] = forced
    again = Request(environ)
    is_multipart = again.mimetype.startswith("multipart/")
    report.add("multipart" if is_multipart else "form", "", again.form.to_dict(flat=False))
    for name, file in again.files.items(multi=True):
        report.add("file", name, file.read())
        report.add("filename", name, file.filename)


class Quiet(WSGIRequestHandler):
    """The same server without a line a request."""

    def log(self, *_):
        pass


def serve(port):
    make_server("127.0.0.1", port, app, request_handler=Quiet).serve_forever()
