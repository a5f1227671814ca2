'use strict';
// The cookies of NextAuth and of Supabase: each joins the pieces in which its session is kept.

const http = require('node:http');

const { parse } = require('cookie');
const { getToken } = require('next-auth/jwt');
const { combineChunks, parseCookieHeader, stringFromBase64URL } = require('@supabase/ssr');

const { Report } = require('./report.js');

async function view(request, response) {
  const report = new Report();
  await report.attempt(() => nextAuth(report, request));
  await report.attempt(() => supabase(report, request.headers.cookie ?? ''));
  response.setHeader('Content-Type', 'application/json');
  response.end(report.text());
}

async function nextAuth(report, request) {
  const req = { cookies: parse(request.headers.cookie ?? ''), headers: request.headers };
  const options = { raw: true, cookieName: 'session_id', secret: 'of the differential test' };
  report.add('cookie', 'session_id', await getToken({ req, ...options }));
}

async function supabase(report, line) {
  const cookies = parseCookieHeader(line);
  const joined = await combineChunks('session_id', (name) => {
    return cookies.find((cookie) => cookie.name === name)?.value;
  });
  report.add('cookie', 'session_id', joined);
  if (joined?.startsWith('base64-')) {
    report.add('cookie-json', '', JSON.parse(stringFromBase64URL(joined.slice('base64-'.length))));
  }
}

module.exports = { serve: (port) => http.createServer(view).listen(port, '127.0.0.1') };
