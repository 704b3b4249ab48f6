// Begins to put a snapshot and says so on stdout, then stays there until it is ended. Arguments: URL of the built
// driver, folder, name, bytes, `writing` or `checking`.
import { writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const [, , driver, dir, name, bytes, when] = process.argv;
const { folderStorage } = await import(driver);
const storage = folderStorage(dir);
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
