'use strict';
// multiparty and busboy alone, on Node's server.

const http = require('node:http');
const { Readable } = require('node:stream');

const busboy = require('busboy');
const { Form } = require('multiparty');

const { Report, body } = require('./report.js');

async function view(request, response) {
  const raw = await body(request);
  const report = new Report();
  await report.body(raw);
  const again = () => Object.assign(Readable.from([raw]), { headers: request.headers });
  await report.attempt(() => multiparty(report, again()));
  await report.attempt(() => busboys(report, again()));
  response.setHeader('Content-Type', 'application/json');
  response.end(report.text());
}

function multiparty(report, request) {
  return new Promise((resolve, reject) => {
    const form = new Form({ maxFieldsSize: 1 << 26 });
    form.on('field', (name, value) => report.add('multipart', name, value));
    form.on('part', (part) => collect(report, part.name, part));
    form.on('error', reject);
    form.on('close', resolve);
    form.parse(request);
  });
}

function busboys(report, request) {
  return new Promise((resolve, reject) => {
    const form = busboy({ headers: request.headers, limits: { fieldSize: 1 << 26 } });
    const isMultipart = /^multipart/i.test(request.headers['content-type']);
    form.on('field', (name, value) => report.add(isMultipart ? 'multipart' : 'form', name, value));
    form.on('file', (name, file) => collect(report, name, file));
    form.on('error', reject);
    form.on('close', resolve);
    request.pipe(form);
  });
}

function collect(report, name, stream) {
  const chunks = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  stream.on('end', () => report.add('file', name, Buffer.concat(chunks)));
  stream.on('error', () => {});
}

module.exports = { serve: (port) => http.createServer(view).listen(port, '127.0.0.1') };
