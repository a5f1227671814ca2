"""What the Python back ends share: collecting and writing down what an application sees.

An application reports a list of [place, name, value]. A list counts as its elements: who compares a
parameter with a token compares the first, the last or each of them. (JSON is different.) Below an object, names are
joined by dots.
"""

import base64
import json
from wsgiref.simple_server import WSGIRequestHandler, make_server


# The places whose values applications open once more.
WRAPPERS = {"query", "header", "cookie", "form", "multipart"}


class Report:
    """Everything that one request shows to the application."""

    def __init__(self):
        self.seen = []

    def add(self, place, name, value):
        """Notes a value, and what is nested in it."""
        if isinstance(value, dict):
            for key, member in value.items():
                self.add(place, f"{name}.{key}" if name else str(key), member)
        elif isinstance(value, (list, tuple)):
            for element in value:
                self.add(place, name, element)
        elif isinstance(value, bytes):
            self.add(place, name, value.decode("latin-1"))
        elif value is not None:
            self.seen.append([place, _clean(name), _clean(str(value))])
            if place in WRAPPERS:
                self._wrapped(place, str(value))

    def attempt(self, view):
        """Runs one view; one that the framework refuses shows nothing, the others still count."""
        try:
            view()
        except Exception:  # whatever a parser of the framework raises
            pass

    async def wait(self, view):
        """The same for one that has to be awaited."""
        try:
            await view
        except Exception:  # whatever a parser of the framework raises
            pass

    def items(self, place, pairs):
        """Pairs of a name and a value."""
        for name, value in pairs:
            self.add(place, name, value)

    def headers(self, pairs):
        """Every header, and the credentials among them."""
        for name, value in pairs:
            self.header(name, value)
            if name.lower() == "authorization":
                self.authorization(value)

    def header(self, name, value):
        """A header: whole, and element by element, as list headers are read."""
        name = name.lower().replace("_", "-")
        self.add("header", name, value)
        self.add("header", name, [element.strip() for element in value.split(",")])

    def authorization(self, value):
        """What lax applications take for the credentials, and both sides of Basic."""
        words = value.split(None, 1)
        if len(words) < 2:
            return
        rest = words[1].strip()
        self.add("credentials", "", [rest, rest.split()[0], rest.split(",")[0].strip().strip('"')])
        if words[0].lower() == "basic":
            self.attempt(lambda: self._basic(rest))

    def _wrapped(self, place, text):
        """A value that holds a document, as applications open it: JSON, or base64 of JSON."""
        for read in [json.loads, _json_in_base64]:
            try:
                document = read(text)
            except (ValueError, RecursionError):
                continue
            if isinstance(document, dict):
                self.add(f"{place}-json", "", document)

    def _basic(self, text):
        decoded = base64.b64decode(text).decode("latin-1")
        user, _, password = decoded.partition(":")
        self.add("basic_user", "", user)
        self.add("basic_password", "", password)

    def json(self, body):
        """The body as JSON, whatever its type."""
        self.attempt(lambda: self.document("", json.loads(body)))

    def document(self, name, value):
        """JSON: it has types, so a list is something else than its elements; they have numbers."""
        if isinstance(value, list):
            value = dict(enumerate(value))
        if not isinstance(value, dict):
            self.add("json", name, value)
            return
        for key, member in value.items():
            self.document(f"{name}.{key}" if name else str(key), member)

    def path(self, path):
        """The segments of a decoded path."""
        self.add("path", "", path.split("/"))
        self.add("path", "", [segment.split(";")[0] for segment in path.split("/")])

    def body(self, body):
        """The body as JSON and XML whatever its type; its beginning for who reads a failure."""
        self.add("raw", "", body[:2000])
        self.json(body)

    def text(self):
        """The report as JSON."""
        return json.dumps(self.seen).encode()


def _json_in_base64(text):
    """As Supabase's cookies and GraphQL subscriptions have it."""
    text = text.removeprefix("base64-").removeprefix("header-")
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


class _Quiet(WSGIRequestHandler):
    """The server of wsgiref without a line a request."""

    def log_message(self, *_):
        pass


def serve_wsgi(app, port):
    """Serves for ever."""
    make_server("127.0.0.1", port, app, handler_class=_Quiet).serve_forever()


def serve_asgi(app, port):
    """Serves for ever."""
    # Only the back ends for ASGI need it.
    import uvicorn  # pylint: disable=import-outside-toplevel

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="critical")


def _clean(text):
    """Without lone surrogates, which no JSON parser has to take."""
    return text.encode("utf-8", "replace").decode()
