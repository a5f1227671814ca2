"""Django on the server of Python's wsgiref, which its `runserver` is made of."""

import sys
from io import BytesIO
from wsgiref.simple_server import WSGIRequestHandler, make_server

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import re_path

from report import Report

FORM = "application/x-www-form-urlencoded"


def view(request):
    report = Report()
    body = request.body
    report.raw(body)
    report.attempt(lambda: report.add("query", "", dict(request.GET.lists())))
    report.attempt(lambda: report.add("cookie", "", request.COOKIES))
    report.attempt(lambda: report.path(request.path))
    report.json(body)
    for name, value in request.headers.items():
        report.header(name, value)
    report.authorization(request.headers.get("Authorization", ""))
    for forced in [None, FORM]:
        report.attempt(lambda: form(report, request, body, forced))
    return HttpResponse(report.text(), content_type="application/json")


def form(report, request, body, forced):
    """The form by its type, or as the type that an application insists on."""
    environ = {**request.META, "wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    if forced:
        environ["CONTENT_TYPE"] = forced
    again = WSGIRequest(environ)
    place = "multipart" if again.content_type.startswith("multipart/") else "form"
    report.add(place, "", dict(again.POST.lists()))
    for name, files in again.FILES.lists():
        for file in files:
            report.add("file", name, file.read())
            report.add("filename", name, file.name)


class Quiet(WSGIRequestHandler):
    """The same server without a line a request."""

    def log_message(self, *_):
        pass


settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[],
    LOGGING_CONFIG=None,
    DATA_UPLOAD_MAX_NUMBER_FIELDS=None,
    DATA_UPLOAD_MAX_MEMORY_SIZE=None,
)
urlpatterns = [re_path(r"", view)]
make_server(
    "127.0.0.1", int(sys.argv[1]), get_wsgi_application(), handler_class=Quiet
).serve_forever()
