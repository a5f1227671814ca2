'use strict';
// Socket.IO: the packets of its long-polling transport, as its own decoder reads them.

const http = require('node:http');

const { decodePayload } = require('engine.io-parser');
const { Decoder, PacketType } = require('socket.io-parser');

const { Report, body } = require('./report.js');

async function view(request, response) {
  const raw = (await body(request)).toString();
  const report = new Report();
  for (const packet of decodePayload(raw, 'nodebuffer')) {
    await report.attempt(() => decode(report, packet));
  }
  response.setHeader('Content-Type', 'application/json');
  response.end(report.text());
}

/** What the application gets as `socket.handshake.auth`, or as the arguments of an event. */
function decode(report, packet) {
  const decoder = new Decoder();
  decoder.on('decoded', ({ type, data }) => {
    const values = type === PacketType.CONNECT ? [data] : data;
    for (const value of values) report.add('socket.io', '', value);
  });
  if (packet.type === 'message') decoder.add(packet.data);
}

module.exports = { serve: (port) => http.createServer(view).listen(port, '127.0.0.1') };
