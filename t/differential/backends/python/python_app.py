"""Python's standard library alone: http.server, urllib, http.cookies, email and json."""

from email import message_from_bytes
from email.policy import HTTP, compat32
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from report import Report


class Handler(BaseHTTPRequestHandler):
    """Answers every method alike."""

    def view(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        report = Report()
        report.body(body)
        url = urlsplit(self.path)
        report.attempt(lambda: report.add("query", "", parse_qs(url.query)))
        report.attempt(lambda: report.add("query", "", parse_qs(url.query, separator=";")))
        report.attempt(lambda: report.add("form", "", parse_qs(body.decode("latin-1"))))
        report.attempt(lambda: report.path(unquote(url.path)))
        for line in self.headers.get_all("Cookie", []):
            report.attempt(lambda: cookies(report, line))
        report.headers(self.headers.items())
        for policy in [HTTP, compat32]:
            report.attempt(lambda: multipart(report, self.headers, body, policy))
        self.answer(report.text())

    def answer(self, text):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def log_message(self, *_):
        pass

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = view


def cookies(report, line):
    for name, morsel in SimpleCookie(line).items():
        report.add("cookie", name, morsel.value)


def multipart(report, headers, body, policy):
    """The email package, as applications use it since `cgi` is gone."""
    declared = headers.get("Content-Type", "").encode("latin-1")
    message = message_from_bytes(b"Content-Type: " + declared + b"\r\n\r\n" + body, policy=policy)
    for part in message.get_payload() if message.is_multipart() else []:
        name = part.get_param("name", header="Content-Disposition")
        if isinstance(name, tuple):
            name = name[2]
        place = "multipart" if part.get_filename() is None else "file"
        report.add(place, name or "", part.get_payload(decode=True))


def serve(port):
    HTTPServer(("127.0.0.1", port), Handler).serve_forever()
