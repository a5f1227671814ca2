'use strict';
// Node's standard library alone: http, url, querystring, JSON and the formData() of fetch, which the
// frameworks that are built on web standards use.

const http = require('node:http');
const querystring = require('node:querystring');
const url = require('node:url');

const { Report, body } = require('./report.js');

async function view(request, response) {
  const raw = await body(request);
  const report = new Report();
  report.add('raw', '', raw.subarray(0, 2000));
  await report.attempt(() => query(report, request.url));
  await report.attempt(() => cookies(report, request.headers.cookie ?? ''));
  report.headers(request);
  await report.attempt(() => report.add('form', '', querystring.parse(raw.toString())));
  await report.attempt(() => pairs(report, 'form', new URLSearchParams(raw.toString())));
  await report.attempt(() => report.document('', JSON.parse(raw.toString())));
  await report.attempt(() => report.document('', JSON.parse(new TextDecoder().decode(raw))));
  await report.attempt(() => form(report, request, raw));
  response.setHeader('Content-Type', 'application/json');
  response.end(report.text());
}

function query(report, target) {
  const old = url.parse(target, true);
  report.add('query', '', old.query);
  report.path(old.pathname ?? '');
  const current = new URL(target, 'http://localhost');
  pairs(report, 'query', current.searchParams);
  report.path(current.pathname);
}

function pairs(report, place, parameters) {
  for (const [name, value] of parameters) report.add(place, name, value);
}

/** There is no parser of cookies in Node: the splitter that everybody writes. */
function cookies(report, line) {
  for (const piece of line.split(';')) {
    const at = piece.indexOf('=');
    if (at < 0) continue;
    const value = piece.slice(at + 1).trim();
    report.add('cookie', piece.slice(0, at).trim(), [value, decodeURIComponent(value)]);
  }
}

async function form(report, request, raw) {
  const headers = { 'content-type': request.headers['content-type'] ?? '' };
  const isMultipart = headers['content-type'].toLowerCase().startsWith('multipart/');
  for (const [name, value] of await new Response(raw, { headers }).formData()) {
    if (typeof value === 'string') {
      report.add(isMultipart ? 'multipart' : 'form', name, value);
    } else {
      report.add('file', name, Buffer.from(await value.arrayBuffer()));
      report.add('filename', name, value.name);
    }
  }
}

module.exports = { serve: (port) => http.createServer(view).listen(port, '127.0.0.1') };
