// Loaded with `node --require` into a process under test. Counts what the process does to the world (files, HTTP
// requests, PostgreSQL statements) and ends it with SIGKILL at one of these operations: before it, after it, or in the
// middle of a write; or holds it up there as SIGSTOP does (`how: 'stop'`). There is no such switch in the product. Settings come as JSON in RUNBACK_CRASH, see crash.ts.
'use strict';
const diagnostics = require('node:diagnostics_channel');
const fs = require('node:fs');
const { syncBuiltinESMExports } = require('node:module');
const net = require('node:net');
const { resolve } = require('node:path');

const settings = JSON.parse(process.env.RUNBACK_CRASH ?? '{}');
delete process.env.RUNBACK_CRASH;
const which = new Set(settings.which ?? ['fs', 'http', 'pg']);
const within = (settings.within ?? []).map((folder) => resolve(folder));
const { writeSync } = fs;
const list = settings.list === undefined ? undefined : fs.openSync(settings.list, 'a', 0o600);
let count = 0;

const paths = new Map();
const handles = new WeakMap();

function watched(path) {
  if (!which.has('fs') || path === undefined) return false;
  const whole = resolve(String(path));
  return within.length === 0 ? !whole.includes('node_modules') : within.some((folder) => whole === folder || whole.startsWith(`${folder}/`));
}

/** What the run was doing: the last line that this process wrote to the journal of a run. */
let section = '';
const seen = new Map();

/** Learns the section from a line that is about to be written to the journal of a run. */
function noteSection(path, data) {
  if (!/\/runs\/[^/]+\/journal\.ndjson$/.test(String(path))) return;
  try {
    const { type, step } = JSON.parse(String(data).trimEnd().split('\n').at(-1));
    section = step === undefined ? type : `${type} ${step}`;
  } catch {
    // Not a whole line: the section stays.
  }
}

/**
 * The name of an operation that is the same in every process that goes through the same section: no ids, no numbers of
 * processes.
 */
function labelOf(kind, name, target) {
  const place = String(target)
    .replace(/^https?:\/\/[^/]+/, '')
    .replace(/\?.*$/, '')
    .replace(process.cwd(), '')
    .replaceAll(/\d{8}-\d{6}-[\da-z]+/g, '#')
    .replace(/\.(lock|partial)[.-][\da-f]+$/, '.$1.#');
  const label = `${section} | ${kind} ${name} ${place}`;
  const times = (seen.get(label) ?? 0) + 1;
  seen.set(label, times);
  return `${label} ${times}`;
}

/** Counts an operation. Returns `before`, `half` or `after` where the process is to end at this one. */
function reached(kind, name, target) {
  count += 1;
  const label = labelOf(kind, name, target);
  if (list !== undefined) writeSync(list, `${JSON.stringify({ n: count, kind, name, target: String(target), section, label })}\n`);
  return count === settings.n || label === settings.label ? settings.when : undefined;
}

function die() {
  if (settings.how === 'stop') {
    process.kill(process.pid, 'SIGSTOP');
    return;
  }
  process.kill(process.pid, 'SIGKILL');
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
}

const opensForWriting = (flags) => (typeof flags === 'number' ? (flags & 3) !== 0 : /[wa+]/.test(flags ?? 'r'));

/** Half of the bytes a write was to write, as arguments for it; undefined where it cannot be halved. */
function halved(name, args, first) {
  if (!/^write(Sync)?$/.test(name) || !ArrayBuffer.isView(args[first])) return undefined;
  const buffer = args[first];
  const offset = typeof args[first + 1] === 'number' ? args[first + 1] : 0;
  const length = typeof args[first + 2] === 'number' ? args[first + 2] : buffer.byteLength - offset;
  const position = typeof args[first + 3] === 'number' ? args[first + 3] : null;
  return length < 2 ? undefined : [buffer, offset, Math.floor(length / 2), position];
}

function wrapPromise(owner, name, pathOf, counts = () => true) {
  const original = owner[name];
  if (typeof original !== 'function') return;
  owner[name] = async function (...args) {
    const path = pathOf(this, args);
    if (name === 'write') noteSection(path, args[0]);
    const point = watched(path) && counts(args) ? reached('fs', name, path) : undefined;
    if (point === 'before') die();
    if (point === 'half') {
      const half = halved(name, args, 0);
      if (half !== undefined) await original.apply(this, half);
      die();
    }
    try {
      return await original.apply(this, args);
    } finally {
      // Also where it failed: the process never learns of that.
      if (point === 'after') die();
    }
  };
}

function wrapCallback(name, pathOf, counts = () => true) {
  const original = fs[name];
  if (typeof original !== 'function') return;
  const wrapped = function (...args) {
    const path = pathOf(args);
    const point = watched(path) && counts(args) ? reached('fs', name, path) : undefined;
    if (point === 'before') die();
    if (point === 'half') {
      const half = halved(name, args, 1);
      if (half !== undefined) fs.writeSync.original(args[0], ...half);
      die();
    }
    const callback = args.at(-1);
    if (point === 'after' && typeof callback === 'function') args[args.length - 1] = () => die();
    return original.apply(this, args);
  };
  Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(original));
  fs[name] = wrapped;
}

function wrapSync(name, pathOf, counts = () => true) {
  const original = fs[name];
  if (typeof original !== 'function') return;
  const wrapped = function (...args) {
    const path = pathOf(args);
    if (name === 'writeSync') noteSection(path, args[1]);
    const point = watched(path) && counts(args) ? reached('fs', name, path) : undefined;
    if (point === 'before') die();
    if (point === 'half') {
      const half = halved(name, args, 1);
      if (half !== undefined) original.call(this, args[0], ...half);
      die();
    }
    try {
      return original.apply(this, args);
    } finally {
      // Also where it failed: the process never learns of that.
      if (point === 'after') die();
    }
  };
  wrapped.original = original;
  fs[name] = wrapped;
}

if (which.has('fs')) {
  const named = ['rename', 'unlink', 'mkdir', 'link', 'symlink', 'rm', 'rmdir', 'writeFile', 'appendFile', 'truncate', 'copyFile', 'chmod', 'utimes'];
  for (const name of named) {
    const pathOf = (args) => (name === 'link' || name === 'symlink' || name === 'rename' || name === 'copyFile' ? args[1] : args[0]);
    wrapPromise(fs.promises, name, (_, args) => pathOf(args));
    wrapCallback(name, pathOf);
    wrapSync(`${name}Sync`, pathOf);
  }
  // Not futimes: a lease is renewed by the clock, and not where a run is.
  for (const name of ['write', 'writev', 'fsync', 'fdatasync', 'ftruncate', 'fchmod']) {
    wrapSync(`${name}Sync`, (args) => paths.get(args[0]));
    wrapCallback(name, (args) => paths.get(args[0]));
  }
  wrapPromise(
    fs.promises,
    'open',
    (_, args) => args[0],
    (args) => opensForWriting(args[1]),
  );
  const openPromise = fs.promises.open;
  let isWatched = false;
  fs.promises.open = async (...args) => {
    const handle = await openPromise(...args);
    handles.set(handle, args[0]);
    // What is written at once goes by the number of the file.
    paths.set(handle.fd, args[0]);
    // The first handle brings what all of them have in common.
    if (!isWatched)
      for (const name of ['write', 'writev', 'writeFile', 'appendFile', 'datasync', 'sync', 'truncate', 'chmod'])
        wrapPromise(Object.getPrototypeOf(handle), name, (one) => handles.get(one));
    isWatched = true;
    return handle;
  };
  wrapCallback(
    'open',
    (args) => args[0],
    (args) => opensForWriting(args[1]),
  );
  const openCallback = fs.open;
  fs.open = (...args) => {
    const callback = args.at(-1);
    args[args.length - 1] = (error, fd) => {
      if (fd !== undefined) paths.set(fd, args[0]);
      callback(error, fd);
    };
    openCallback(...args);
  };
  wrapSync(
    'openSync',
    (args) => args[0],
    (args) => opensForWriting(args[1]),
  );
  const { openSync } = fs;
  fs.openSync = (...args) => {
    const fd = openSync(...args);
    paths.set(fd, args[0]);
    return fd;
  };
  syncBuiltinESMExports();
}

if (which.has('http')) {
  const points = new WeakMap();
  // `before`: nothing was sent. `half`: all was sent, the answer never read. `after`: the whole answer is here, nobody
  // has seen it.
  diagnostics.subscribe('undici:request:create', ({ request }) => {
    const point = reached('http', request.method, `${request.origin}${request.path}`);
    if (point === 'before') die();
    points.set(request, point);
  });
  diagnostics.subscribe('undici:request:headers', ({ request }) => points.get(request) === 'half' && die());
  diagnostics.subscribe('undici:request:trailers', ({ request }) => points.get(request) === 'after' && die());
}

if (which.has('pg')) {
  const known = new WeakMap();
  const write = Reflect.get(net.Socket.prototype, 'write');
  net.Socket.prototype.write = function (data, ...rest) {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    if (bytes instanceof Uint8Array && bytes.length >= 8) {
      const version = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4);
      // Start-up message of protocol 3.0 or 3.2, or the question for TLS before it.
      if (!known.has(this) && (version === 196_608 || version === 196_610 || version === 80_877_103)) watchAnswers(this);
    }
    const state = known.get(this);
    if (state !== undefined && bytes instanceof Uint8Array) {
      const statement = statementIn(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), state);
      if (statement !== undefined) {
        const point = reached('pg', statement.type, statement.text);
        if (point === 'before') die();
        if (point === 'half' || point === 'after') state.point = point;
      }
    }
    return write.call(this, data, ...rest);
  };

  /**
   * A simple query, or the Sync that ends an extended one, or the end of a COPY; named by the text of the last
   * statement that was bound.
   */
  const statementIn = (bytes, state) => {
    let found;
    for (let at = 0; at + 5 <= bytes.length; at += 1 + bytes.readUInt32BE(at + 1)) {
      const type = String.fromCharCode(bytes[at]);
      const body = bytes.subarray(at + 5, at + 1 + bytes.readUInt32BE(at + 1));
      const texts = body.toString('utf8').split('\0');
      // Parse: the name of a statement, and its text. Bind: the name of what it opens, and of a statement that was parsed, maybe long before.
      if (type === 'P') state.parsed.set(texts[0], texts[1]);
      if (type === 'B') state.text = state.parsed.get(texts[1]);
      if (type === 'Q') found = { type: 'query', text: body.toString('utf8').split('\0')[0] };
      if (type === 'S' && body.length === 0) found = { type: 'query', text: state.text ?? '' };
      if (type === 'c' && body.length === 0) found = { type: 'copy done', text: state.text ?? '' };
      if (bytes.readUInt32BE(at + 1) < 4) break;
    }
    return found === undefined ? undefined : { ...found, text: found.text.replaceAll(/\s+/g, ' ').slice(0, 160) };
  };

  const watchAnswers = (socket) => {
    const state = { parsed: new Map() };
    known.set(socket, state);
    const { emit } = socket;
    socket.emit = function (event, ...args) {
      const [chunk] = args;
      if (event === 'data' && state.point !== undefined && Buffer.isBuffer(chunk)) {
        // ReadyForQuery ends every answer: 'Z', length 5, state of the transaction.
        const ended = chunk.length >= 6 && chunk[chunk.length - 6] === 0x5a && chunk.readUInt32BE(chunk.length - 5) === 5;
        if (ended || state.point === 'half') {
          state.point = undefined;
          die();
        }
      }
      return emit.call(this, event, ...args);
    };
  };
}
