import { expect, it } from 'vitest';

import { carries, foundIn, newMarker } from '../../src/stages/leak/marker.js';

// A user would lose: a copy that flows on to production in another form, or trust in a test that cries wolf.

it('is known in other case, without hyphens, cut off after sixteen letters and digits, and among other text', () => {
  const marker = newMarker();
  const bare = marker.replaceAll('-', '');
  for (const text of [marker, marker.toUpperCase(), bare, `Dear ${marker}, hello`, marker.replaceAll('-', ' '), marker.slice(0, 19)])
    expect(carries(text, marker), text).toBe(true);
});

it('is not seen in what only resembles it: another marker, its first letters, nothing', () => {
  const marker = newMarker();
  for (const text of [newMarker(), marker.slice(0, 12), marker.slice(6), 'drill', '']) expect(carries(text, marker), text).toBe(false);
});

it('tells the field of a record that holds one, whether it can be written, and the key', () => {
  const marker = newMarker();
  const none = { key: '1', fields: { a: 'b', list: ['x'] }, meta: {} };
  expect(foundIn(none, [marker])).toBeUndefined();
  expect(foundIn({ ...none, fields: { a: 'b', list: ['x', marker] } }, [newMarker(), marker])).toEqual({ marker, field: 'list' });
  expect(foundIn({ ...none, meta: { seen: `<p>${marker}</p>` } }, [marker])).toEqual({ marker, field: 'seen' });
  expect(foundIn({ ...none, key: marker }, [marker])).toEqual({ marker, field: 'key' });
});
