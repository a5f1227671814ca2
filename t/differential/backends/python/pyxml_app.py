"""XML as Python reads it: expat's ElementTree, lxml strict and lenient."""

from xml.etree import ElementTree

from lxml import etree

from report import Report, serve_wsgi

# No external entities; what a document defines itself is expanded.
PARSERS = [
    lambda body: ElementTree.fromstring(body),
    lambda body: etree.fromstring(body, etree.XMLParser(resolve_entities=True, no_network=True)),
    lambda body: etree.fromstring(body, etree.XMLParser(recover=True, no_network=True)),
    lambda body: etree.fromstring(body, etree.XMLParser(attribute_defaults=True, load_dtd=False)),
]


def app(environ, start_response):
    report = Report()
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    report.add("raw", "", body[:2000])
    for parse in PARSERS:
        report.attempt(lambda: document(report, parse(body)))
    start_response("200 OK", [("Content-Type", "application/json")])
    return [report.text()]


def document(report, root):
    """The text of an element, own and whole, and the attribute."""
    report.add("xml-attribute", root.tag, root.get("access_token"))
    for element in root.iter("access_token"):
        own = [element.text or "", *(child.tail or "" for child in element)]
        report.add("xml", "access_token", [element.text, "".join(own), "".join(element.itertext())])


def serve(port):
    serve_wsgi(app, port)
