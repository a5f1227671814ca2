'use strict';
// Hapi: its own parsers (Subtext, Pez, Statehood).

const Hapi = require('@hapi/hapi');

const { Report } = require('./report.js');

const MAX = 1 << 26;

function view(request, h) {
  const report = new Report();
  report.add('query', '', { ...request.query });
  report.path(request.path);
  report.headers(request.raw.req);
  report.add('cookie', '', { ...request.state });
  body(report, request.mime ?? '', request.payload);
  return h.response(report.text()).type('application/json');
}

function body(report, mime, payload) {
  if (Buffer.isBuffer(payload) || typeof payload === 'string') {
    report.body(Buffer.from(payload));
  } else if (mime === 'multipart/form-data') {
    report.add('multipart', '', payload);
    for (const [name, value] of Object.entries(payload ?? {})) {
      if (Buffer.isBuffer(value)) report.add('file', name, value);
    }
  } else if (mime === 'application/x-www-form-urlencoded') {
    report.add('form', '', { ...payload });
  } else if (payload) {
    report.document('', payload);
  }
}

async function serve(port) {
  const server = Hapi.server({ port, host: '127.0.0.1', debug: false });
  const options = { state: { parse: true, failAction: 'ignore' } };
  const reading = { parse: true, multipart: { output: 'data' }, maxBytes: MAX, failAction: 'ignore' };
  for (const method of ['GET', '*']) {
    const payload = method === 'GET' ? undefined : reading;
    server.route({ method, path: '/{path*}', handler: view, options: { ...options, payload } });
  }
  await server.start();
}

module.exports = { serve };
