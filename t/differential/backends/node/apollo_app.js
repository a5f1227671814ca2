'use strict';
// Apollo Server 5, driven as its integrations for frameworks drive it, with Express's JSON parser.

const { ApolloServer, HeaderMap } = require('@apollo/server');
const express = require('express');

const { Report } = require('./report.js');
const { typeDefs, resolvers } = require('./schema.js');

const server = new ApolloServer({
  typeDefs,
  resolvers,
  allowBatchedHttpRequests: true,
  csrfPrevention: false,
  logger: { debug() {}, info() {}, warn() {}, error() {} },
});
server.startInBackgroundHandlingStartupErrorsByLoggingAndFailingAllRequests();

const app = express();
app.use(express.json({ limit: '64mb' }));
app.use(async (request, response) => {
  const report = new Report();
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value));
  const search = new URL(request.url, 'http://localhost').search;
  const httpGraphQLRequest = { method: request.method, headers, search, body: request.body };
  const context = async () => ({ report });
  await report.attempt(() => server.executeHTTPGraphQLRequest({ httpGraphQLRequest, context }));
  response.type('json').send(report.text());
});

module.exports = { serve: (port) => app.listen(port, '127.0.0.1') };
