import { canonicalJson, RunbackError, sha256, withoutBom } from '../../lib/index.js';

/** What a stored document holds: the data and its digest, so that a half-right text is never taken for state. */
export interface Envelope {
  readonly version: 1;
  readonly sha256: string;
  readonly data: unknown;
}

/** Data in its envelope. */
export function sealDocument(data: unknown): Envelope {
  return { version: 1, sha256: digestOf(data), data };
}

/** The text of a document: the same for the same data, wherever it is kept. */
export function documentText(envelope: Envelope): string {
  return `${JSON.stringify(envelope, undefined, 1)}\n`;
}

/** Reads the text of a document, kept at `where`. Throws `document-damaged`. */
export function openDocument(text: string, where: string): Envelope {
  const envelope = parse(text);
  if (typeof envelope === 'object' && envelope !== null && 'data' in envelope && 'sha256' in envelope && envelope.sha256 === digestOf(envelope.data))
    return envelope as Envelope;
  throw new RunbackError('document-damaged', `${where} is not what runback wrote`, {
    why: 'Its content does not match its digest: the file was changed by something else, or the disk lost bytes.',
    state: 'Nothing was changed.',
    next: 'Bring the file back from a backup of the state folder, or move it away if what it recorded is not needed.',
  });
}

function digestOf(data: unknown): string {
  return sha256(canonicalJson(data));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(withoutBom(text));
  } catch {
    return undefined;
  }
}
