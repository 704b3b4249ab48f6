// A program as a channel: remembers the page it gets, and ends as the file beside says. Arguments: folder.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
const fault = existsSync(join(folder, 'fault')) ? readFileSync(join(folder, 'fault'), 'utf8') : '';
const page = readFileSync(0, 'utf8');
const line = { page: JSON.parse(page), key: process.env.RUNBACK_PAGE_KEY, secret: process.env.TOKEN, arguments: process.argv.slice(3) };
appendFileSync(join(folder, 'pages.ndjson'), `${JSON.stringify(line)}\n`);
if (fault === 'hang') setInterval(() => undefined, 1000);
else if (fault !== '') process.stderr.write(`it is ${fault}, and the token is ${process.env.TOKEN}\n`);
if (fault === 'busy') process.exitCode = 75;
if (fault === 'rejected') process.exitCode = 1;
