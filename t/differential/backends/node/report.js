'use strict';
// What the Node back ends share: collecting and writing down what an application sees. The same list
// of [place, name, value] as in report.py.

// The places whose values applications open once more.
const WRAPPERS = new Set(['query', 'header', 'cookie', 'form', 'multipart']);

class Report {
  constructor() {
    this.seen = [];
  }

  /** Notes a value, and what is nested in it. A list counts as its elements. */
  add(place, name, value) {
    if (Array.isArray(value)) {
      for (const element of value) this.add(place, name, element);
    } else if (value instanceof Uint8Array) {
      this.add(place, name, Buffer.from(value).toString('latin1'));
    } else if (value !== null && typeof value === 'object') {
      for (const key of Object.keys(value)) {
        this.add(place, name ? `${name}.${key}` : key, value[key]);
      }
    } else if (value !== null && value !== undefined) {
      this.seen.push([place, clean(name), clean(String(value))]);
      if (WRAPPERS.has(place)) this.wrapped(place, String(value));
    }
  }

  /** A value that holds a document, as applications open it: JSON, or base64 of JSON. */
  wrapped(place, text) {
    const inner = text.replace(/^(base64|header)-/, '');
    for (const document of [text, Buffer.from(inner, 'base64').toString()]) {
      if (!/^\s*\{/.test(document)) continue;
      try {
        this.add(`${place}-json`, '', JSON.parse(document));
      } catch {
        // Not one, then.
      }
    }
  }

  /** JSON: it has types, so a list is something else than its elements; they have numbers. */
  document(name, value) {
    if (value === null || typeof value !== 'object') {
      this.add('json', name, value);
      return;
    }
    for (const key of Object.keys(value)) {
      this.document(name ? `${name}.${key}` : key, value[key]);
    }
  }

  /** Runs one view; one that the framework refuses shows nothing, the others still count. */
  async attempt(view) {
    try {
      await view();
    } catch {
      // Whatever a parser throws.
    }
  }

  /** Every header as it was sent, and the credentials. */
  headers(request) {
    for (let at = 0; at < request.rawHeaders.length; at += 2) {
      this.header(request.rawHeaders[at], request.rawHeaders[at + 1]);
    }
    this.authorization(request.headers.authorization);
  }

  /** The body as JSON whatever its type; its beginning for who reads a failure. */
  body(raw) {
    this.add('raw', '', raw.subarray(0, 2000));
    return this.attempt(() => this.document('', JSON.parse(raw.toString())));
  }

  /** A header: whole, and element by element, as list headers are read. */
  header(name, value) {
    const spelled = name.toLowerCase().replaceAll('_', '-');
    this.add('header', spelled, value);
    this.add('header', spelled, String(value).split(',').map((element) => element.trim()));
  }

  /** What lax applications take for the credentials, and both sides of Basic. */
  authorization(value) {
    const [, scheme, rest] = /^\s*(\S+)\s+(.*?)\s*$/s.exec(value ?? '') ?? [];
    if (!rest) return;
    const first = rest.split(',')[0].trim().replace(/^"|"$/g, '');
    this.add('credentials', '', [rest, rest.split(/\s+/)[0], first]);
    if (scheme.toLowerCase() === 'basic') this.basic(Buffer.from(rest, 'base64').toString());
  }

  basic(text) {
    const colon = text.indexOf(':');
    this.add('basic_user', '', colon < 0 ? text : text.slice(0, colon));
    if (colon >= 0) this.add('basic_password', '', text.slice(colon + 1));
  }

  /** The segments of a path, as sent and decoded. */
  path(path) {
    for (const segment of path.split('/')) {
      for (const text of [segment, segment.split(';')[0]]) {
        this.add('path', '', text);
        try {
          this.add('path', '', decodeURIComponent(text).split('/'));
        } catch {
          // A broken escape: the segment as sent is all there is.
        }
      }
    }
  }

  text() {
    return JSON.stringify(this.seen);
  }
}

/** Without lone surrogates, which no JSON parser has to take. */
function clean(text) {
  return Buffer.from(text).toString();
}

/** The whole body of a request. */
async function body(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

module.exports = { Report, body };
