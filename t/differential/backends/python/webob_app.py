"""WebOb, which Pyramid is made of, on the server of Python's wsgiref."""

from webob import Request, Response

from report import Report, serve_wsgi


def app(environ, start_response):
    request = Request(environ)
    report = Report()
    request.make_body_seekable()
    report.body(request.body)
    report.attempt(lambda: report.items("query", request.GET.items()))
    report.attempt(lambda: report.items("cookie", request.cookies.items()))
    report.attempt(lambda: report.document("", request.json_body))
    report.attempt(lambda: form(report, request))
    report.path(request.path_info)
    report.headers(request.headers.items())
    report.attempt(lambda: report.add("credentials", "", request.authorization.params))
    response = Response(body=report.text(), content_type="application/json")
    return response(environ, start_response)


def form(report, request):
    is_multipart = (request.content_type or "").startswith("multipart/")
    for name, value in request.POST.items():
        if hasattr(value, "file"):
            report.add("file", name, value.file.read())
            report.add("filename", name, value.filename)
        else:
            report.add("multipart" if is_multipart else "form", name, value)


def serve(port):
    serve_wsgi(app, port)
