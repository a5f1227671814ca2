'use strict';
// Express with its own body parsers, multer (busboy), formidable, cookie-parser and basic-auth.

const { Readable } = require('node:stream');
const querystring = require('node:querystring');

const auth = require('basic-auth');
const cookieParser = require('cookie-parser');
const express = require('express');
const { formidable } = require('formidable');
const multer = require('multer');

const { Report, body } = require('./report.js');

const LIMIT = '16mb';
const any = () => true;
// Each as an application sets it up: by the type of the body, or for every type.
const PARSERS = [
  ['form', express.urlencoded({ extended: true, limit: LIMIT })],
  ['form', express.urlencoded({ extended: false, limit: LIMIT })],
  ['form', express.urlencoded({ extended: true, limit: LIMIT, type: any })],
  ['json', express.json({ limit: LIMIT })],
  ['json', express.json({ limit: LIMIT, type: any, strict: false })],
];
const uploads = multer().any();
const cookies = cookieParser('the secret of the differential test');

const app = express();
app.set('query parser', 'extended');
app.use(async (request, response) => {
  const raw = await body(request);
  const report = new Report();
  report.add('raw', '', raw.subarray(0, 2000));
  report.add('query', '', request.query);
  report.add('query', '', querystring.parse(request.url.split('?').slice(1).join('?')));
  report.path(request.path);
  report.headers(request);
  await report.attempt(() => authorization(report, request));
  await report.attempt(() => readCookies(report, request));
  for (const [place, parser] of PARSERS) {
    await report.attempt(async () => {
      const value = await parsed(parser, request, raw);
      if (place === 'json') report.document('', value);
      else report.add(place, '', value);
    });
  }
  await report.attempt(() => multipart(report, request, raw));
  await report.attempt(() => formidably(report, request, raw));
  response.type('json').send(report.text());
});

function authorization(report, request) {
  const found = auth(request);
  if (found) {
    report.add('basic_user', '', found.name);
    report.add('basic_password', '', found.pass);
  }
}

async function readCookies(report, request) {
  await run(cookies, request);
  report.add('cookie', '', request.cookies);
  report.add('cookie', '', request.signedCookies);
}

/** The same request with its body not read yet. */
function again(request, raw) {
  const { method, url, headers } = request;
  return Object.assign(Readable.from(raw.length ? [raw] : []), { method, url, headers });
}

function run(middleware, request) {
  return new Promise((resolve, reject) => {
    middleware(request, {}, (error) => (error ? reject(error) : resolve()));
  });
}

async function parsed(parser, request, raw) {
  const copy = again(request, raw);
  await run(parser, copy);
  return copy.body;
}

async function multipart(report, request, raw) {
  const copy = again(request, raw);
  await report.attempt(() => run(uploads, copy));
  report.add('multipart', '', copy.body);
  for (const file of copy.files ?? []) {
    report.add('file', file.fieldname, file.buffer);
    report.add('filename', file.fieldname, file.originalname);
  }
}

async function formidably(report, request, raw) {
  const form = formidable({ allowEmptyFiles: true, minFileSize: 0, maxFields: 0 });
  const isMultipart = /multipart/i.test(request.headers['content-type'] ?? '');
  form.on('field', (name, value) => report.add(isMultipart ? 'multipart' : 'form', name, value));
  form.onPart = (part) => {
    if (!part.originalFilename) return form._handlePart(part);
    const chunks = [];
    part.on('data', (chunk) => chunks.push(chunk));
    part.on('end', () => report.add('file', part.name, Buffer.concat(chunks)));
  };
  await form.parse(again(request, raw));
}

module.exports = { serve: (port) => app.listen(port, '127.0.0.1') };
