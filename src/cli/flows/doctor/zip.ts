import { open, rm } from 'node:fs/promises';

import { fromFileSystem, RunbackError } from '../../../lib/index.js';

/** Writes a new zip that only its owner reads. Throws `usage` where the file is there already, which stays as it is. */
export async function writeZip(path: string, files: ReadonlyMap<string, string>, date: Date): Promise<void> {
  const { ZipArchive } = await import('archiver');
  const file = await open(path, 'wx', 0o600).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
      throw new RunbackError('usage', `${path} is already there`, {
        state: 'It was not changed.',
        next: 'Name another file: runback doctor --bundle FILE',
      });
    throw fromFileSystem(error, path);
  });
  try {
    const archive = new ZipArchive({ zlib: { level: 9 } });
    const written = new Promise<void>((resolve, reject) => {
      const sink = file.createWriteStream({ autoClose: true });
      sink.once('close', resolve).once('error', reject);
      archive.once('error', reject);
      archive.pipe(sink);
    });
    for (const [name, text] of files) archive.append(Buffer.from(text), { name, date, mode: 0o600 });
    await Promise.all([archive.finalize(), written]);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(path, { force: true });
    throw fromFileSystem(error, path);
  }
}
