"""What the Python back ends share: collecting and writing down what an application sees.

An application reports a list of [place, name, value]. A list counts as its elements: who compares a
parameter with a token compares the first, the last or each of them. (JSON is different.) Below an object, names are
joined by dots.
"""

import base64
import json


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

    def attempt(self, view):
        """Runs one view; one that the framework refuses shows nothing, the others still count."""
        try:
            view()
        except Exception:  # whatever a parser of the framework raises
            pass

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

    def raw(self, body):
        """The beginning of the body, for who reads a failure."""
        self.add("raw", "", body[:2000])

    def text(self):
        """The report as JSON."""
        return json.dumps(self.seen).encode()


def _clean(text):
    """Without lone surrogates, which no JSON parser has to take."""
    return text.encode("utf-8", "replace").decode()
