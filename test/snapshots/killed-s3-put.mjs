// Begins to put a snapshot into a bucket and says so on stdout, then stays there until it is ended. Arguments: URL of the
// built snapshots, place and credentials as JSON, folder, name, bytes, `writing` or `checking`.
import { writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const [, , snapshots, settings, dir, name, bytes, when] = process.argv;
const { S3Client, s3Storage } = await import(snapshots);
const { place, credentials } = JSON.parse(settings);
const clock = { now: () => new Date(), sleep: () => Promise.resolve(), monotonicMs: () => performance.now() };
const client = new S3Client({ place, credentials: () => Promise.resolve(credentials), clock, environment: {} });
const storage = s3Storage({ client, dir, now: () => new Date() });
writeFileSync(join(await storage.scratch(name), 'part'), 'x');
const stay = () => {
  writeSync(1, `${when}\n`);
  return new Promise(() => setInterval(() => {}, 60_000));
};
await storage.put(
  name,
  async (sink) => {
    await sink(Buffer.alloc(Number(bytes), 1));
    if (when === 'writing') await stay();
  },
  stay,
);
