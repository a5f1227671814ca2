'use strict';
// fast-xml-parser and xml2js (sax), on Node's server.

const http = require('node:http');

const { XMLParser } = require('fast-xml-parser');
const xml2js = require('xml2js');

const { Report, body } = require('./report.js');

const fast = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '$', parseTagValue: false });

async function view(request, response) {
  const raw = (await body(request)).toString();
  const report = new Report();
  await report.attempt(() => walk(report, '', fast.parse(raw)));
  for (const strict of [true, false]) {
    await report.attempt(async () => {
      walk(report, '', await xml2js.parseStringPromise(raw, { strict, normalizeTags: !strict }));
    });
  }
  response.setHeader('Content-Type', 'application/json');
  response.end(report.text());
}

/** The text of the elements and the attributes of that name. */
function walk(report, name, node) {
  if (Array.isArray(node)) {
    for (const element of node) walk(report, name, element);
  } else if (node !== null && typeof node === 'object') {
    for (const [key, value] of Object.entries(node)) {
      const isText = key === '#text' || key === '_';
      walk(report, isText ? name : key.toLowerCase(), value);
    }
  } else if (name === 'access_token') {
    report.add('xml', name, String(node));
    report.add('xml-attribute', 'login', String(node));
  } else if (name === '$access_token') {
    report.add('xml-attribute', 'login', String(node));
  }
}

module.exports = { serve: (port) => http.createServer(view).listen(port, '127.0.0.1') };
