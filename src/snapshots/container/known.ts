import type { SnapshotManifest } from '../types.js';
import type { ZipDirectory } from './directory.js';

/** What opening an undamaged file comes to. */
export interface KnownFile {
  readonly directory: ZipDirectory;
  readonly manifest: SnapshotManifest;
  readonly digest: string;
}

/** Of so many parts together directory and manifest are kept. */
const KEPT_ENTRIES = 20_000;

/**
 * Directories and manifests of files that were read before: one command opens a snapshot several times, and reading both
 * takes as long as reading ten thousand records. Never for a verification, which looks at every byte again.
 */
export class KnownFiles {
  readonly #found = new Map<string, KnownFile>();
  #entries = 0;

  /** `content`: what a storage says tells this content from any other. */
  get(content: string | undefined): KnownFile | undefined {
    return content === undefined ? undefined : this.#found.get(content);
  }

  keep(content: string | undefined, file: KnownFile): void {
    const { size } = file.directory.entries;
    if (content === undefined || this.#found.has(content) || size > KEPT_ENTRIES) return;
    this.#found.set(content, file);
    this.#entries += size;
    for (const [oldest, { directory }] of this.#found) {
      if (this.#entries <= KEPT_ENTRIES) return;
      this.#found.delete(oldest);
      this.#entries -= directory.entries.size;
    }
  }
}
