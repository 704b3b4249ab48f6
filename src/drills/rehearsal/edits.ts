import type { Random, Who } from '../../sandbox/index.js';
import type { StagedAccount } from '../../stages/index.js';
import type { EditsDocument } from '../document/schema.js';
import type { TruthBook } from './truth-book.js';

/** Who corrects records by hand while things go wrong. */
export const COLLEAGUE: Who = { kind: 'person', id: '4711' };

/** Edits that people make by hand, not knowing of the failure. Gives how many took effect. */
export async function makeEdits(edits: EditsDocument, account: StagedAccount, book: TruthBook, random: Random): Promise<number> {
  const { object, field, share, records, value, on } = edits;
  const damaged = (key: string): boolean => book.damaged.has(`${object}/${key}`) || book.damaged.has(`${object}/${key}/${field}`);
  const all = await account.records(object);
  const fitting = all.filter(({ key }) => on === 'any' || damaged(key) === (on === 'damaged'));
  const wanted = records ?? Math.max(1, Math.round(all.length * (share ?? 0.02)));
  let made = 0;
  for (const { key } of random.shuffle(fitting).slice(0, wanted))
    if (await book.edit(COLLEAGUE, object, key, { [field]: value ?? `Corrected ${key.slice(-4)}` })) made += 1;
  return made;
}
