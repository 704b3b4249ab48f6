// Loaded with `node --require` into a process under test, which has no such switch itself. KILL_AT: ends the process with
// SIGKILL (or sends it KILL_WITH, once) before it first sends something with this text. PLANT: a text that is sent as another one of the same length.
'use strict';
const net = require('node:net');

const { KILL_AT: killAt, KILL_WITH: signal = 'SIGKILL', PLANT: plant } = process.env;
let killed = false;
const [from, to] = (plant ?? '').split('=');
const { write } = net.Socket.prototype;

net.Socket.prototype.write = function (chunk, ...rest) {
  let text = Buffer.isBuffer(chunk) || chunk instanceof Uint8Array ? Buffer.from(chunk).toString('latin1') : chunk;
  if (killAt && !killed && text.includes(killAt)) {
    killed = true;
    process.kill(process.pid, signal);
  }
  if (!from || !text.includes(from)) return write.call(this, chunk, ...rest);
  text = text.replaceAll(from, to);
  return write.call(this, Buffer.from(text, 'latin1'), ...rest);
};
