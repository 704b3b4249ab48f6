// Begins to put a snapshot into a bucket. Arguments: URL of the built snapshots, place and credentials as JSON, folder, name,
// bytes, `writing` or `checking`.
import { putAndStay } from './killed-put-stay.mjs';

const [, , snapshots, settings, dir, ...put] = process.argv;
const { S3Client, s3Storage } = await import(snapshots);
const { place, credentials } = JSON.parse(settings);
const clock = { now: () => new Date(), sleep: () => Promise.resolve(), monotonicMs: () => performance.now() };
const client = new S3Client({ place, credentials: () => Promise.resolve(credentials), clock, environment: {} });
await putAndStay(s3Storage({ client, dir, now: () => new Date() }), ...put);
