import { type CallOptions, defined } from '../../lib/index.js';
import { HEADER_ENTRY, MANIFEST_ENTRY } from '../container/names.js';
import { openStored } from '../container/open.js';
import { storedParts } from '../container/opened.js';
import { replaceFile, type ReplacingDeps } from '../replacing.js';
import type { Encryption } from './age.js';

/** What encrypting again works with: it is always for somebody. */
export type ReEncryptDeps = Omit<ReplacingDeps, 'purpose'> & { readonly encryption: Encryption };

/**
 * Writes a snapshot once more, encrypted for other recipients, and puts it in the place of the old file. What it holds
 * stays byte for byte, and so does its digest: plans, and snapshots that build on it, still know it.
 *
 * Verify it first. Throws what {@link replaceFile} throws.
 */
export async function reEncrypt(id: string, deps: ReEncryptDeps, options: CallOptions): Promise<void> {
  const { keys } = deps;
  await replaceFile(
    id,
    { ...deps, purpose: 'encrypting a snapshot again' },
    async ({ file, entry }) => {
      const written = await openStored(file, defined({ keys }));
      const { entries, objects, links } = written.manifest;
      const names = new Set([
        HEADER_ENTRY,
        ...Object.keys(entries),
        ...[...objects, ...links].flatMap(storedParts).map(({ name }) => name),
        MANIFEST_ENTRY,
      ]);
      return {
        written,
        fill: async (container) => {
          for (const name of names) await container.add(name, await entry(written.manifest, name));
        },
      };
    },
    options,
  );
}
