import { writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Begins to put a snapshot and says so on stdout, then stays there until the process is ended: `writing` or `checking`. */
export async function putAndStay(storage, name, bytes, when) {
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
}
