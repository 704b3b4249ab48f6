import { Open } from 'unzipper';

/** An entry of a zip as it lies there. */
export interface PackedEntry {
  readonly name: string;
  /** Unpacked. */
  readonly bytes: Buffer;
  readonly packed: Buffer;
  /** Where the next one begins, or the directory. */
  readonly end: number;
}

const DIRECTORY_ENTRY = Buffer.from([0x50, 0x4b, 0x01, 0x02]);

/** The entries of a zip, found by its directory. */
export async function entriesOf(zip: Buffer): Promise<readonly PackedEntry[]> {
  const { files } = await Open.buffer(zip);
  const starts = files.map(({ offsetToLocalFileHeader }) => offsetToLocalFileHeader);
  const ends = [...starts.slice(1), zip.lastIndexOf(DIRECTORY_ENTRY)];
  // Of several entries, the directory begins with the first of its own.
  for (let n = 1; n < files.length; n += 1) ends[files.length - 1] = zip.lastIndexOf(DIRECTORY_ENTRY, (ends[files.length - 1] ?? 0) - 1);
  return await Promise.all(
    files.map(async (file, i): Promise<PackedEntry> => {
      const start = starts[i] ?? 0;
      const data = start + 30 + zip.readUInt16LE(start + 26) + zip.readUInt16LE(start + 28);
      return { name: file.path, bytes: await file.buffer(), packed: zip.subarray(data, data + file.compressedSize), end: ends[i] ?? 0 };
    }),
  );
}
