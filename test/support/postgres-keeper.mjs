// Runs one PostgreSQL server for as long as the process that started it lives: standard input closes when that process
// ends, however it ends (kill -9 included), and then the server is shut down and its folder removed.
// A line on standard input ends all of its processes by kill -9, and starts it again on what they left.
// Arguments: JSON with { postgres, args, dir, uid?, gid? }.
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

const { postgres, args, dir, uid, gid } = JSON.parse(process.argv[2]);
let said = '';
let ending = false;
let killed = false;
let server;
const begin = () => {
  server = spawn(postgres, args, { stdio: ['ignore', 'ignore', 'pipe'], ...(uid === undefined ? {} : { uid, gid }), cwd: dir });
  // By lines: what one write says may come in two pieces.
  createInterface({ input: server.stderr }).on('line', (line) => {
    if (said.length < 20_000) said += `${line}\n`;
    if (!line.includes('ready to accept connections')) return;
    killed = false;
    process.stdout.write('ready\n');
  });
  server.on('exit', (code) => {
    if (killed && !ending) {
      // A child that had just been made may still be ending: then it does not start at once.
      setTimeout(begin, 50);
      return;
    }
    rmSync(dir, { recursive: true, force: true });
    process.stdout.write(`ended ${String(code)}\n${said}`);
    process.exit(0);
  });
};
begin();
const kill = () => {
  const { pid } = server;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  killed = true;
  for (const one of [pid, ...children]) {
    try {
      process.kill(one, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
};
const stop = () => {
  ending = true;
  server.kill('SIGINT');
};
createInterface({ input: process.stdin }).on('line', kill).on('close', stop);
process.stdin.on('error', stop);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
