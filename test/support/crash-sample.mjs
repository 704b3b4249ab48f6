// Two requests with a file write between them, for the test of the crash machinery. Arguments: address, file.
import { open, rename } from 'node:fs/promises';

import { request } from 'undici';

const [, , address, file] = process.argv;
await (await request(`${address}/a`, { method: 'POST', body: '{}' })).body.dump();
process.stdout.write('posted\n');
const handle = await open(file, 'w');
await handle.write(Buffer.from('text'));
await handle.datasync();
await handle.close();
process.stdout.write('written\n');
await (await request(`${address}/b`, { method: 'PUT', body: '{}' })).body.dump();
process.stdout.write('put\n');
await rename(file, `${file}.done`);
process.stdout.write('renamed\n');
