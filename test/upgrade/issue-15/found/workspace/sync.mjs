import { existsSync, rmSync, writeFileSync } from 'node:fs';
const [, , what] = process.argv;
if (what === 'pause') writeFileSync('paused', '');
else if (what === 'resume') rmSync('paused');
else process.exit(existsSync('paused') ? 3 : 0);
