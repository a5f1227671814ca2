'use strict';
// Fastify 5 with its plugins for cookies, forms and multipart.

const fastify = require('fastify');

const { Report } = require('./report.js');

const app = fastify({ bodyLimit: 1 << 26, routerOptions: { useSemicolonDelimiter: true } });
app.register(require('@fastify/cookie'), { secret: 'the secret of the differential test' });
app.register(require('@fastify/formbody'), { bodyLimit: 1 << 26 });
app.register(require('@fastify/multipart'));
// What no plugin takes is handed over as it is.
app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => done(null, body));
app.all('/*', async (request, reply) => {
  const report = new Report();
  report.add('query', '', request.query);
  report.add('path', '', request.params['*'].split('/'));
  report.path(request.url.split('?')[0]);
  report.add('cookie', '', request.cookies);
  report.headers(request.raw);
  await report.attempt(() => body(report, request));
  reply.type('application/json').send(report.text());
});

async function body(report, request) {
  if (request.isMultipart()) {
    for await (const part of request.parts()) {
      if (part.type === 'file') report.add('file', part.fieldname, await part.toBuffer());
      else report.add('multipart', part.fieldname, part.value);
    }
  } else if (Buffer.isBuffer(request.body)) {
    await report.body(request.body);
  } else if (/json/i.test(request.headers['content-type'] ?? '')) {
    report.document('', request.body);
  } else {
    report.add('form', '', request.body);
  }
}

module.exports = { serve: (port) => app.listen({ port, host: '127.0.0.1' }) };
