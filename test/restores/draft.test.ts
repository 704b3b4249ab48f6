import { expect, test } from 'vitest';

import { canonicalJson } from '../../src/lib/index.js';
import { Draft } from '../../src/restores/plan/facts/draft.js';
import type { PlanLine } from '../../src/restores/types.js';
import { field, objectType } from '../support/restore-world.js';

test('lines are numbered in their order, as canonical JSON, whatever their values look like', () => {
  const draft = new Draft({ objects: [objectType('people', [field('n'), field('note')])], links: [] }, 10);
  const attribution = { state: 'unknown' as const };
  const odd = ['\u0001', '\\u0001', '","n":0,"', '$&$1', '}', 'größe 漢字'];
  for (const [n, text] of odd.entries())
    draft.record({
      action: 'update',
      object: 'people',
      key: `${text}${n}`,
      fields: { n: { from: text, to: null }, note: { from: null, to: text } },
      attribution,
      why: text,
    });
  draft.link({
    action: 'link',
    link: 'knows\u0001',
    from: { object: 'people', key: '\u0001' },
    to: { object: 'people', key: '2' },
    attribution,
    why: '',
  });
  draft.conflict({ kind: 'conflict', id: 'c', code: 'edited-since', object: 'people', key: '\u0001', message: '', choices: { keep: '' } });
  const texts = [...draft.lines()];
  const lines = texts.map((text) => JSON.parse(text) as PlanLine);
  expect(texts).toEqual(lines.map((line) => canonicalJson(line)));
  expect(lines.map((line) => (line.kind === 'change' ? line.n : line.kind))).toEqual([1, 2, 3, 4, 5, 6, 7, 'conflict']);
  expect(lines.slice(0, odd.length)).toEqual(
    odd.map((text, n) => ({
      kind: 'change',
      n: n + 1,
      action: 'update',
      object: 'people',
      key: `${text}${n}`,
      fields: { n: { from: text, to: null }, note: { from: null, to: text } },
      attribution,
      why: text,
    })),
  );
});
