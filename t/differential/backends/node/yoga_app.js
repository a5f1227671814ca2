'use strict';
// GraphQL Yoga.

const http = require('node:http');

const { createSchema, createYoga } = require('graphql-yoga');

const { Report, body } = require('./report.js');
const { typeDefs, resolvers } = require('./schema.js');

const yoga = createYoga({
  schema: createSchema({ typeDefs, resolvers }),
  batching: true,
  logging: false,
  maskedErrors: false,
  graphqlEndpoint: '/*',
});

async function view(request, response) {
  const raw = await body(request);
  const report = new Report();
  const { method, headers, url } = request;
  // As its adapters for servers hand requests over: a body only where the method has one.
  const sent = ['GET', 'HEAD'].includes(method) ? undefined : raw;
  await report.attempt(() => yoga.fetch(`http://localhost${url}`, { method, headers, body: sent }, { report }));
  response.setHeader('Content-Type', 'application/json');
  response.end(report.text());
}

module.exports = { serve: (port) => http.createServer(view).listen(port, '127.0.0.1') };
