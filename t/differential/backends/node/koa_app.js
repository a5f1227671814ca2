'use strict';
// Koa with koa-body, which reads forms with co-body and multipart with its own formidable.

const { readFileSync, unlinkSync } = require('node:fs');

const Koa = require('koa');
const { koaBody } = require('koa-body');

const { Report } = require('./report.js');

const app = new Koa({ keys: ['the secret of the differential test'] });
app.silent = true;
const LIMIT = '64mb';
const parser = koaBody({
  multipart: true,
  parsedMethods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
  formLimit: LIMIT,
  jsonLimit: LIMIT,
  textLimit: LIMIT,
  formidable: { allowEmptyFiles: true, minFileSize: 0 },
});
app.use(async (context) => {
  const report = new Report();
  report.add('query', '', context.query);
  report.path(context.path);
  report.headers(context.req);
  report.add('cookie', 'session_id', context.cookies.get('session_id'));
  await report.attempt(() => body(report, context));
  context.type = 'json';
  context.body = report.text();
});

async function body(report, context) {
  await parser(context, async () => {});
  const { body: found, files } = context.request;
  if (context.is('multipart/*')) report.add('multipart', '', found);
  else if (context.is('urlencoded')) report.add('form', '', found);
  else if (typeof found === 'string') await report.body(Buffer.from(found));
  else report.document('', found);
  for (const [name, value] of Object.entries(files ?? {})) {
    for (const file of [value].flat()) {
      report.add('file', name, readFileSync(file.filepath));
      unlinkSync(file.filepath);
    }
  }
}

module.exports = { serve: (port) => app.listen(port, '127.0.0.1') };
