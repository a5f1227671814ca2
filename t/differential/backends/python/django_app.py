"""Django on the server of Python's wsgiref, which its `runserver` is made of."""

from io import BytesIO

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import re_path

from report import Report, serve_wsgi

FORM = "application/x-www-form-urlencoded"


def view(request):
    report = Report()
    body = request.body
    report.body(body)
    report.attempt(lambda: report.add("query", "", dict(request.GET.lists())))
    report.attempt(lambda: report.add("cookie", "", request.COOKIES))
    report.attempt(lambda: report.path(request.path))
    report.headers(request.headers.items())
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


settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[],
    LOGGING_CONFIG=None,
    DATA_UPLOAD_MAX_NUMBER_FIELDS=None,
    DATA_UPLOAD_MAX_MEMORY_SIZE=None,
)
urlpatterns = [re_path(r"", view)]


def serve(port):
    serve_wsgi(get_wsgi_application(), port)
