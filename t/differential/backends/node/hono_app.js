'use strict';
// Hono on its server for Node.

const { serve } = require('@hono/node-server');
const { Hono } = require('hono');
const { basicAuth } = require('hono/basic-auth');
const { bearerAuth } = require('hono/bearer-auth');
const { getCookie } = require('hono/cookie');

const { Report } = require('./report.js');

const app = new Hono();
app.all('*', async (context) => {
  const report = new Report();
  const { req } = context;
  report.add('query', '', req.queries());
  report.add('query', '', req.query());
  report.path(req.path);
  report.headers(context.env.incoming);
  report.add('cookie', '', getCookie(context));
  await report.attempt(() => authorization(report, context));
  const text = await req.text();
  await report.body(Buffer.from(text));
  await report.attempt(() => form(report, req));
  return context.body(report.text(), 200, { 'Content-Type': 'application/json' });
});

/** The middleware of the framework: they hand over what they have read. */
async function authorization(report, context) {
  const note = (place) => (value) => void report.add(place, '', value);
  await bearerAuth({ verifyToken: note('credentials') })(context, async () => {}).catch(() => {});
  const verifyUser = (user, password) => {
    note('basic_user')(user);
    note('basic_password')(password);
  };
  await basicAuth({ verifyUser })(context, async () => {}).catch(() => {});
}

async function form(report, req) {
  const isMultipart = /^multipart\//i.test(req.header('content-type') ?? '');
  for (const [name, values] of Object.entries(await req.parseBody({ all: true }))) {
    for (const value of [values].flat()) {
      if (value instanceof File) report.add('file', name, new Uint8Array(await value.arrayBuffer()));
      else report.add(isMultipart ? 'multipart' : 'form', name, value);
    }
  }
}

module.exports = { serve: (port) => serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }) };
