import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Asker } from '../../src/cli/prompts/asker.js';
import { shownAsker } from '../../src/cli/prompts/shown.js';
import { errorData, errorText, redactedError } from '../../src/cli/views/error.js';
import { Live } from '../../src/cli/views/live/live.js';
import { Meter, measuredLine, position } from '../../src/cli/views/live/meter.js';
import { recordTable } from '../../src/cli/views/restores/record.js';
import { bytes, counted, facts, relative, span, table } from '../../src/cli/views/text/format.js';
import { makeStyle } from '../../src/cli/views/text/style.js';
import { showValue, visible } from '../../src/cli/views/text/visible.js';
import { displayWidth, truncate, wrap } from '../../src/cli/views/text/width.js';
import { Redactor, RunbackError, systemClock } from '../../src/lib/index.js';

const style = makeStyle({ columns: 80, level: 0, accessible: false, unicode: true, now: () => new Date('2026-11-22T17:00:00Z') });
const anyText = fc.string({ unit: 'binary', maxLength: 60 });

describe('what a record holds never steers the terminal', () => {
  test('no control, direction or invisible character comes through', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(visible(text)).not.toMatch(/[\p{Cc}\u202A-\u202E\u2066-\u2069\u200B\uFEFF]/u);
      }),
    );
  });

  test('absent, null, empty and blank are told apart', () => {
    expect([undefined, null, '', ' '].map(showValue)).toEqual(['(absent)', '(null)', '(empty)', '" "']);
  });
});

test.each([true, false])('columns begin at the same cell in each row, also where signs are spelt out (Unicode: %s)', (unicode) => {
  const plain = makeStyle({ columns: 70, level: 0, accessible: false, unicode, now: () => style.now });
  const columns = [{ title: 'What', shrink: true }, { title: 'Change' }, { title: 'Last' }];
  const rows = [
    ['Zürich → Bern', '1 × 2', '|'],
    ['x'.repeat(120), 'a · b', '|'],
    ['⟨empty⟩ …', '␀ ␊', '|'],
    ['no sign', 'none', '|'],
  ];
  const lines = plain
    .signs(table(columns, rows, plain))
    .split('\n')
    .slice(1);
  const at = lines.map((line) => displayWidth(line.slice(0, line.lastIndexOf('|'))));
  expect(new Set(at).size, lines.join('\n')).toBe(1);
  expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(70);
  expect(lines[1]).toContain(unicode ? 'x…' : 'x...');
  const told = plain
    .signs(
      facts(
        [
          ['A → B', 'one'],
          ['Longer name', `${'→ '.repeat(60)}|`],
        ],
        plain,
      ),
    )
    .split('\n');
  expect(Math.max(...told.map(displayWidth))).toBeLessThanOrEqual(70);
  expect(new Set([told[0]?.indexOf('one'), told[1]?.indexOf(unicode ? '→' : '->')]).size).toBe(1);
});

describe('a secret is hidden before a text is wrapped or cut', () => {
  const secret = `tok_${'0123456789'.repeat(14)}`;
  const redactor = new Redactor();
  redactor.add(secret);
  const hiding = makeStyle({ columns: 80, level: 0, accessible: false, unicode: true, redact: (text) => redactor.text(text), now: () => style.now });

  test('in errors', () => {
    const error = new RunbackError('sync-failed', `It said ${secret}`, { why: `x ${secret}`, state: secret, next: secret, data: { said: [secret] } });
    const shown = redactedError(error, redactor);
    expect(errorText(shown, undefined, true, hiding) + JSON.stringify(errorData(shown, undefined, true))).not.toMatch(/0123456789/);
    expect(shown).toMatchObject({ code: 'sync-failed', message: 'It said [redacted]', data: { said: ['[redacted]'] } });
  });

  test('in tables and facts', () => {
    const columns = [{ title: 'Name' }, { title: 'Why', shrink: true }];
    expect(table(columns, [['a', `because ${secret}`]], hiding) + facts([['Why', `because ${secret}`]], hiding)).not.toMatch(/0123456789/);
  });

  test('in what is shown while it works', () => {
    let shown = '';
    const live = new Live({
      mode: 'lines',
      clock: systemClock,
      style: hiding,
      stream: { write: (text: string) => (shown += text) } as unknown as NodeJS.WriteStream,
      emit: () => {},
      log: () => {},
    });
    live.note(`It said ${secret}`);
    live.waiting({ reason: `Waiting for ${secret}`, ms: 2000 });
    live.stop();
    expect(shown).toMatch(/\[redacted\][^]*\[redacted\]/);
    expect(shown).not.toMatch(/0123456789/);
  });

  test('in questions', async () => {
    const asked: unknown[] = [];
    const asker = new Proxy({} as Asker, { get: () => (question: unknown) => Promise.resolve(asked.push(question)) });
    const hidden = shownAsker(asker, (text) => redactor.text(text));
    await hidden.choose({ message: secret, choices: [{ value: 1, name: `a ${secret}`, description: `b ${secret}` }] });
    await hidden.text({ message: `Type ${secret}` });
    await hidden.confirm({ message: `Is it ${secret}?`, default: false });
    expect(JSON.stringify(asked)).not.toMatch(/0123456789/);
  });
});

describe('lines fit the screen', () => {
  test('cut text is never wider than asked', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 2, max: 40 }), (text, width) => {
        expect(displayWidth(truncate(visible(text), width))).toBeLessThanOrEqual(width);
      }),
    );
  });

  test('wrapped lines are never wider than asked, and nothing is lost', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 10, max: 40 }), (text, width) => {
        const lines = wrap(visible(text), width);
        expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(width);
        expect(lines.join('').replaceAll(' ', '')).toBe(visible(text).replaceAll(' ', ''));
      }),
    );
  });

  test('tables stay within 80 cells', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyText, anyText, anyText), { minLength: 1, maxLength: 5 }), (rows) => {
        const text = table(
          [{ title: 'Record' }, { title: 'Now', shrink: true }, { title: 'Will be', shrink: true }],
          rows.map((row) => row.map(visible)),
          style,
        );
        for (const line of text.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(80);
      }),
    );
  });

  test.each([
    ['漢字', 4],
    ['👩‍👩‍👧', 2],
    ['é', 1],
    ['한국', 4],
    ['abc', 3],
  ])('%s takes %i cells', (text, cells) => {
    expect(displayWidth(text)).toBe(cells);
  });
});

describe('numbers and times for people', () => {
  test('counts have separators and the right number', () => {
    expect([counted(1, 'records'), counted(1250, 'records'), bytes(1_250_000), bytes(999)]).toEqual([
      '1 record',
      '1,250 records',
      '1.25 MB',
      '999 B',
    ]);
  });

  test.each([
    [400, '0.4 s'],
    [59_600, '1 min'],
    [185_000, '3 min 5 s'],
    [7_800_000, '2 h 10 min'],
    [4 * 86_400_000, '4 days'],
  ])('%i ms is %s', (ms, words) => {
    expect(span(ms)).toBe(words);
  });

  test('relative times say which way', () => {
    const now = new Date('2026-11-22T17:00:00Z');
    expect(relative(new Date('2026-11-22T16:57:00Z'), now)).toBe('3 min ago');
    expect(relative(new Date('2026-11-22T19:00:00Z'), now)).toBe('in 2 h');
  });

  test('progress gives rate and time left from monotonic time only', () => {
    let ms = 0;
    const meter = new Meter({ now: () => new Date(0), monotonicMs: () => ms, sleep: () => Promise.resolve() });
    meter.update({ task: 'Writing', done: 0, total: 1250, unit: 'records' });
    ms = 4000;
    meter.update({ task: 'Writing', done: 400, total: 1250, unit: 'records' });
    const line = meter.last === undefined ? '' : measuredLine(meter.last, 10);
    expect(line).toBe('Writing  [###.......] 400 of 1,250 records, 100/s, 8.5 s left');
    expect(position({ task: 'Writing', done: 400, total: 1250, unit: 'records' })).toBe('records 400 of 1,250');
  });
});

test.each([40, 60, 80])('at %i columns names give way, and the key of a record stays whole', (columns) => {
  const narrow = makeStyle({ columns, level: 0, accessible: false, unicode: true, now: () => new Date('2026-11-22T17:00:00Z') });
  const looks = () => ({ name: 'Annabelle Longname-Lee', address: 'annabelle.longname-lee@example.com' });
  const row = (key: string) => ({ object: 'contacts', key, cells: ['hs_lead_status_detail', 'CONNECTED', '→', 'BAD_TIMING', 'now in doubt'] });
  const columnsOf = ['Field', 'Was', '', 'Will be'].map((title) => ({ title, shrink: title !== '' && title !== 'Field' }));
  const text = recordTable([...columnsOf, { title: 'Why', shrink: true }], [row('151000000104'), row('151000000142')], narrow, looks);
  for (const key of ['151000000104', '151000000142']) expect(text).toContain(`contacts ${key}`);
  if (columns >= 60) for (const line of text.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
});

test('on a narrow screen a table is told row by row, whole, within the screen', () => {
  const narrow = makeStyle({ columns: 40, level: 0, accessible: false, unicode: true, now: () => style.now });
  const columns = [
    { title: 'Record', shrink: true },
    { title: 'Object' },
    { title: 'Key', whole: true },
    { title: 'Now', shrink: true },
    { title: '' },
  ];
  const text = table(columns, [['Anna Berg', 'contacts', '151000002536', 'Valued Customer', '→ Anna']], narrow);
  for (const line of text.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(40);
  expect(text.replaceAll(/\s+/gu, ' ').trim()).toBe('Record: Anna Berg Object: contacts Key: 151000002536 Now: Valued Customer → Anna');
  // One that fits stays a table.
  expect(table([{ title: 'Area' }, { title: 'Same' }], [['fields', '12']], narrow)).toBe('  Area    Same\n  fields  12');
});
