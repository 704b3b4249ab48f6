// Runs one PostgreSQL server for as long as the process that started it lives: standard input closes when that process
// ends, however it ends (kill -9 included), and then the server is shut down and its folder removed.
// Arguments: JSON with { postgres, args, dir, uid?, gid? }.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

const { postgres, args, dir, uid, gid } = JSON.parse(process.argv[2]);
const server = spawn(postgres, args, { stdio: ['ignore', 'ignore', 'pipe'], ...(uid === undefined ? {} : { uid, gid }), cwd: dir });
let said = '';
server.stderr.on('data', (chunk) => {
  const text = String(chunk);
  if (said.length < 20_000) said += text;
  if (text.includes('ready to accept connections')) process.stdout.write('ready\n');
});
server.on('exit', (code) => {
  rmSync(dir, { recursive: true, force: true });
  process.stdout.write(`ended ${String(code)}\n${said}`);
  process.exit(0);
});
const stop = () => server.kill('SIGINT');
process.stdin.resume().on('end', stop).on('error', stop);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
