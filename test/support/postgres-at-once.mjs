// Reads records by their keys several times at once: node postgres-at-once.mjs URL TABLE COUNT. Prints how many came.
import { openPlatform } from '../../dist/connectors/index.js';
import { systemClock } from '../../dist/lib/index.js';

const [url, object, count] = process.argv.slice(2);
const config = { name: 'warehouse', connector: 'postgres', environment: 'sandbox', url, credentials: {}, limits: {}, options: {}, objects: [object] };
const platform = await openPlatform(config, { secret: async (ref) => ref, clock: systemClock, writes: 'private' });
const { objects } = await platform.connector.describe([object]);
const read = async (from) => {
  let n = 0;
  for await (const { records } of platform.connector.read({ schema: objects[0], keys: Array.from({ length: 50 }, (_, i) => String(from + i)) }))
    n += records.length;
  return n;
};
const came = await Promise.all(Array.from({ length: Number(count) / 50 }, (_, n) => read(1 + 50 * n)));
await platform.close();
console.log(came.reduce((sum, n) => sum + n, 0));
