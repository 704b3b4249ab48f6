import { expect, test } from 'vitest';

import { nameIn, objectName } from '../../src/connectors/postgres/schema/names.js';

/** A user would lose: the right table, to one of another name. */
test('the table of the same name in another schema is found, whatever is in the names', () => {
  expect(nameIn('public.people', 'restored')).toBe('restored.people');
  expect(nameIn('people', 'restored')).toBe('restored.people');
  for (const name of ['a.b', 'say "a.b"', 'plain', 'Ümlaut x'])
    for (const schema of ['s.t', 'other', 'q"q']) expect(nameIn(objectName({ schema: 'my.own', name }), schema)).toBe(objectName({ schema, name }));
});
