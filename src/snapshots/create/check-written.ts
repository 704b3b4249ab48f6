import { defined, isRunbackError, RunbackError } from '../../lib/index.js';
import { readDirectory } from '../container/directory.js';
import { HEADER_ENTRY, MANIFEST_ENTRY } from '../container/names.js';
import { openStored } from '../container/open.js';
import { storedParts } from '../container/opened.js';
import type { StoredFile } from '../storage/storage.js';
import type { SnapshotManifest } from '../types.js';
import { sealHolds } from '../verify.js';
import type { CreateSnapshotDeps, Written } from './session.js';

/**
 * What was written must be what was sealed, and open as a snapshot. Of an encrypted one that cannot be opened here, each
 * entry has to be there. Gives the seal of an encrypted one.
 */
export async function checkWritten(
  stored: StoredFile,
  written: Written,
  { encryption, keys }: Pick<CreateSnapshotDeps, 'encryption' | 'keys'>,
): Promise<string | undefined> {
  const wrong = (why: string): RunbackError =>
    new RunbackError('snapshot-damaged', 'The snapshot that was just written does not read back as it was written', {
      why,
      state: 'It was removed; nothing was changed on any platform.',
      next: 'Check the disk that holds the folder of snapshots, then run the same command again.',
    });
  const file: StoredFile = { ...stored, close: () => Promise.resolve() };
  const directory = encryption && (await readDirectory(file));
  const reader = await openStored(file, defined({ keys })).catch((error: unknown) => {
    // Who may write it may not read it: the machine that takes backups has no key.
    if (encryption !== undefined && isRunbackError(error, 'snapshot-encrypted')) return undefined;
    throw error;
  });
  const broken = await (reader === undefined ? directory && sealHolds({ file, directory }, undefined) : reader.checkSeal());
  if (broken !== undefined) throw wrong(broken);
  if (reader === undefined) {
    const missing = namesOf(written.manifest).find((name) => directory?.entries.get(name)?.encrypted !== true);
    if (missing !== undefined) throw wrong(`${missing} is not in it.`);
  } else {
    if (reader.manifest.sha256 !== written.manifest.sha256) throw wrong('The manifest is a different one.');
    if (reader.damage.length > 0) throw wrong(reader.damage[0]?.why ?? '');
    for (const { name } of reader.header.platforms) await reader.schema(name);
  }
  return directory?.seal?.sha256;
}

/** Names of all entries but the header. */
function namesOf({ entries, objects, links }: SnapshotManifest): readonly string[] {
  const parts = [...objects, ...links].flatMap((info) => storedParts(info).map(({ name }) => name));
  return [...Object.keys(entries).filter((name) => name !== HEADER_ENTRY), ...parts, MANIFEST_ENTRY];
}
