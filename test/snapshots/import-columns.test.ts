import { expect, test } from 'vitest';

import { isRunbackError } from '../../src/lib/index.js';
import type { ObjectSchema } from '../../src/records/index.js';
import { columnsOf } from '../../src/snapshots/import/columns.js';

/** A user would lose: the command that helps, above pages of names of columns. */

test('of an export with very many columns, an error names the first and how many more', () => {
  const schema = { object: 'contacts', keyFields: [], fields: [] } as unknown as ObjectSchema;
  const header = ['Record ID', ...Array.from({ length: 100_000 }, (_, n) => `column ${n}`)];
  const refusalOf = (columns: readonly string[], key: readonly string[]): string => {
    try {
      columnsOf(columns, schema, { key, map: new Map() });
    } catch (error) {
      if (isRunbackError(error)) return `${error.message} ${error.why ?? ''}`;
      throw error;
    }
    throw new Error('it was accepted');
  };
  expect(refusalOf(header, [])).toMatch(/^No column of the file is a field .*column 19: [^;]*; and 99,980 more$/u);
  expect(refusalOf(header.slice(1), [])).toMatch(/^No column of the file holds .*column 19, and 99,980 more\.$/u);
  expect(refusalOf(header, ['Id'])).toMatch(/column 18, and 99,981 more\.$/u);
});
