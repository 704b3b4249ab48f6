import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';

import { describe, expect, it } from 'vitest';

import { exportCsv, type ExportCsvOptions } from '../../src/snapshots/index.js';
import { memoryPlatform, objectSchema } from './memory-platform.js';
import { reading, snapshotOf } from './support.js';

const field = (name: string, readOnly = false) => ({ name, type: 'string', platformType: 'string', readOnly }) as const;
const contacts = objectSchema('contacts', { fields: [field('name'), field('tags'), field('modified', true)] });
const records = [
  { key: '1', fields: { name: 'Ann, "the boss"', tags: ['a', 'b'] }, meta: { modified: 'today' } },
  { key: '2', fields: { name: '=HYPERLINK("http://x")', tags: null }, meta: {} },
  { key: '3', fields: { name: '' }, meta: {} },
  { key: '4', fields: { name: '-12.50', tags: '+1 555' }, meta: { modified: 'line\nbreak' } },
];

async function csv(options: ExportCsvOptions = {}): Promise<string[]> {
  const platform = memoryPlatform('crm', { objects: { contacts: records } }, { schemas: [contacts] });
  const { path } = await snapshotOf(platform);
  const output = new PassThrough();
  const [written] = await Promise.all([text(output), reading(path, (reader) => exportCsv(reader, 'crm', 'contacts', output, options))]);
  return written.split('\r\n');
}

describe('exporting to CSV', () => {
  it('quotes what must be quoted, keeps null and empty apart, and lets no spreadsheet run a value', async () => {
    expect(await csv()).toEqual([
      'key,name,tags,modified',
      '1,"Ann, ""the boss""","[""a"",""b""]",today',
      '2,"\'=HYPERLINK(""http://x"")",,',
      '3,"",,',
      '4,-12.50,\'+1 555,"line\nbreak"',
      '',
    ]);
  });

  it('writes texts as they are and names null and absent where asked to', async () => {
    const lines = await csv({ exact: true, nullAs: 'NULL', absentAs: '-' });
    expect(lines[2]).toBe('2,"=HYPERLINK(""http://x"")",NULL,-');
    expect(lines[3]).toBe('3,"",-,-');
  });

  it('says what there is where an object type is not in the snapshot', async () => {
    const { path } = await snapshotOf(memoryPlatform('crm', { objects: { contacts: records } }));
    await expect(reading(path, (reader) => exportCsv(reader, 'crm', 'deals', new PassThrough()))).rejects.toMatchObject({
      code: 'not-found',
      why: 'It holds crm/contacts.',
    });
  });
});
