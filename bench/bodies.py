"""Clean bodies of the kinds that APIs take, and the points that look into them."""

import json
import random


def text(length):
    """Words, as people and programs write them; the same in every run."""
    source = random.Random(length)
    words = "order invoice customer Müller delivered café 2026-11-24 reference note https".split()
    found = []
    while sum(map(len, found)) + len(found) < length:
        found.append(source.choice(words))
    return " ".join(found)[:length]


def records(size):
    """JSON of about `size` bytes: a list of orders."""
    order = {"id": 4711, "customer": text(40), "lines": [{"sku": "A-1", "count": 2}], "note": text(90)}
    return json.dumps({"orders": [order] * (size // len(json.dumps(order)) or 1)}).encode()


def form(size):
    field = text(60).replace(" ", "+").encode()
    return b"&".join(b"field%d=%s" % (i, field) for i in range(size // 70))


def multipart(size):
    part = (b'--b0undary\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n'
            b"Content-Type: application/octet-stream\r\n\r\n")
    return part + random.Random(size).randbytes(size) + b"\r\n--b0undary--\r\n"


JSON = "application/json"

# A name, the body with its type, and the point of the rule.
ALL = [
    ("JSON, 1 KB", (JSON, records(1_000)), "post, json_doc, hash, token"),
    ("JSON, 100 KB", (JSON, records(100_000)), "post, json_doc, hash, token"),
    ("form, 1 KB", ("application/x-www-form-urlencoded", form(1_000)),
     "post, form_urlencoded, token"),
    ("multipart, 1 MB", ("multipart/form-data; boundary=b0undary", multipart(1_000_000)),
     "post, multipart, token"),
    ("raw, 1 MB", ("application/octet-stream", random.Random(1).randbytes(1_000_000)), "post"),
]
