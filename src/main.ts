#!/usr/bin/env node
import { unfitNode } from './node-version.js';

// The composition root is thin on purpose: `runback --help` has to start about as fast as Node itself, so everything
// a command needs is imported by that command. Nothing else is imported before the version of Node is known to fit.
const unfit = unfitNode(process.versions.node);
if (unfit !== undefined) {
  process.stderr.write(`${unfit}\n`);
  process.exit(1);
}
const { runCli } = await import('./cli/index.js');
const code = await runCli(process, { daemon: () => import('./daemon/index.js') });
// Pipes may be asynchronous: what was printed has to be out before the process ends, and sockets that platforms keep
// open must not hold the process.
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise<void>((done) => stream.write('', () => done()))));
process.exit(code);
