import { type CallOptions, canonicalJson, defined, sha256 } from '../../lib/index.js';
import { FORGOTTEN_VERSION, headerBytes, manifestBytes } from '../container/manifest.js';
import { HEADER_ENTRY, MANIFEST_ENTRY } from '../container/names.js';
import { openStored } from '../container/open.js';
import { damaged, storedParts } from '../container/opened.js';
import type { OpenBase, ZipSnapshotReader } from '../reader.js';
import { type NewFile, type OldFile, replaceFile, type ReplacingDeps } from '../replacing.js';
import type { LinkInfo, ObjectInfo, SnapshotHeader, SnapshotManifest } from '../types.js';
import { forgottenIn, type RecordName, withForgotten } from './forgotten.js';
import { whoseIn } from './whose.js';
import { type Leaving, type Without, withoutLines } from './without.js';

/** What taking records out of one snapshot came to. */
export interface ForgotIn {
  /** Lines that left it; links are lines of their own. */
  readonly lines: number;
  /** It says that they are gone, with their keys, until nothing below it has them. */
  readonly says: boolean;
}

/** What it works with. */
export type ForgetDeps = Omit<ReplacingDeps, 'purpose' | 'encryption'> & {
  /** For whom an encrypted one is encrypted again; a plain one stays plain. */
  readonly encryption: ReplacingDeps['encryption'];
  /** Opens what a snapshot builds on. */
  readonly openBase: OpenBase;
};

/** A snapshot without some records. */
export interface Sifted {
  readonly objects: readonly Without<ObjectInfo>[];
  readonly links: readonly Without<LinkInfo>[];
  readonly lines: readonly Buffer[];
  readonly says: boolean;
  /** There is something to take out. */
  readonly differs: boolean;
}

/** Looks for records in a snapshot, and for what it would be without them. `clean`: see `withoutLines`. Changes nothing. */
export async function sift(
  reader: ZipSnapshotReader,
  records: readonly RecordName[],
  leaving: Leaving,
  clean: Set<string>,
  { signal }: CallOptions = {},
): Promise<Sifted> {
  const each = async <I extends ObjectInfo>(infos: readonly I[]): Promise<readonly Without<I>[]> => {
    const sifted: Without<I>[] = [];
    for (const info of infos) {
      const whose = whoseIn(info, records);
      sifted.push(
        whose === undefined
          ? { info, entries: new Map(), lines: [], wasThere: false, says: false }
          : await withoutLines(reader, info, whose, leaving, clean, signal),
      );
    }
    return sifted;
  };
  const [objects, links] = [await each(reader.manifest.objects), await each(reader.manifest.links)];
  const all = [...objects, ...links];
  return {
    objects,
    links,
    lines: all.flatMap(({ lines }) => lines),
    says: all.some(({ says }) => says),
    differs: all.some(({ info }, n) => canonicalJson(info) !== canonicalJson([...reader.manifest.objects, ...reader.manifest.links][n])),
  };
}

/**
 * Takes records out of a snapshot for good, with the links at their ends: its file is written once more without them, read
 * to its end, and put in the place of the old one. It keeps its id, and is known by its former digest too. What is not in
 * it any more counts as not known there, and not as deleted.
 *
 * Throws what {@link replaceFile} throws, `snapshot-encrypted` where no key opens it.
 */
export async function forgetIn(
  id: string,
  records: readonly RecordName[],
  leaving: Leaving,
  { openBase, ...deps }: ForgetDeps,
  clean: Set<string>,
  options: CallOptions,
): Promise<ForgotIn | undefined> {
  const { keys } = deps;
  let came: ForgotIn | undefined;
  const make = async (old: OldFile): Promise<NewFile | undefined> => {
    const reader = await openStored(old.file, { openBase, ...defined({ keys }) });
    try {
      const sifted = await sift(reader, records, leaving, clean, options);
      if (!sifted.differs) return undefined;
      came = { lines: sifted.lines.length, says: sifted.says };
      return await newFile(reader, old, sifted, records, async (stored) => {
        const again = await openStored({ ...stored, close: () => Promise.resolve() }, { openBase, ...defined({ keys }) });
        try {
          const [found] = (await again.verify(options)).damage;
          if (found !== undefined) throw damaged(stored.path, found);
        } finally {
          await again.close();
        }
      });
    } finally {
      await reader.close();
    }
  };
  await replaceFile(id, { ...deps, purpose: 'forgetting records in a snapshot' }, make, options);
  return came;
}

async function newFile(
  { header, manifest, digest, encrypted }: ZipSnapshotReader,
  old: OldFile,
  { objects, links }: Sifted,
  records: readonly RecordName[],
  check: NonNullable<NewFile['check']>,
): Promise<NewFile> {
  const newHeader: SnapshotHeader = { ...header, version: FORGOTTEN_VERSION };
  const bytes = headerBytes(newHeader);
  const touched = [
    ...objects.map(({ info, wasThere }) => ({ info, wasThere, of: [info.object] })),
    ...links.map(({ info, wasThere }) => ({ info, wasThere, of: [info.from, info.to] })),
  ];
  const gone = records.filter(({ platform, object }) =>
    touched.some(({ info, wasThere, of }) => wasThere && info.platform === platform && of.includes(object)),
  );
  const { sha256: _before, ...rest } = manifest;
  const unsigned: Omit<SnapshotManifest, 'sha256'> = {
    ...rest,
    version: FORGOTTEN_VERSION,
    header: newHeader,
    ...defined({ set: manifest.set && setWithout(manifest.set, records) }),
    objects: objects.map(({ info }) => info),
    links: links.map(({ info }) => info),
    entries: { ...manifest.entries, [HEADER_ENTRY]: sha256(bytes) },
    forgotten: withForgotten(manifest.forgotten ?? [], gone),
    formerly: [...(manifest.formerly ?? []), digest],
  };
  const last = manifestBytes(unsigned);
  const changed = new Map([...objects, ...links].flatMap(({ entries }) => [...entries]));
  const names = [...Object.keys(manifest.entries), ...[...unsigned.objects, ...unsigned.links].flatMap(storedParts).map(({ name }) => name)];
  return {
    written: { header: newHeader, manifest: { ...unsigned, sha256: sha256(canonicalJson(unsigned)) }, digest: sha256(last), encrypted },
    fill: async (container) => {
      await container.add(HEADER_ENTRY, bytes);
      for (const name of names) if (name !== HEADER_ENTRY) await container.add(name, changed.get(name) ?? (await old.entry(manifest, name)));
      await container.add(MANIFEST_ENTRY, last);
    },
    check,
  };
}

/** What was told of records that changed while a set was read. */
function setWithout(set: NonNullable<SnapshotManifest['set']>, records: readonly RecordName[]): NonNullable<SnapshotManifest['set']> {
  const isGone = forgottenIn({ forgotten: withForgotten([], records) });
  return { ...set, changes: set.changes.filter((one) => !isGone(one)) };
}
