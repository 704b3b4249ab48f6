import { expect, it } from 'vitest';

import { LineMaker, type LinePlan } from '../../src/connectors/postgres/read/line-maker.js';

const PLAN: LinePlan = {
  columns: ['id', 'text', 'flag'],
  values: [
    { before: Buffer.from('{"key":'), kind: 'text' },
    { before: Buffer.from(',"fields":{"flag":'), kind: 'boolean' },
    { before: Buffer.from(',"id":'), kind: 'key-text' },
    { before: Buffer.from(',"text":'), kind: 'text' },
  ],
  after: Buffer.from('},"meta":{}}\n'),
};
const line = (key: string, flag: boolean | null, text: string | null): string =>
  `{"key":${JSON.stringify(key)},"fields":{"flag":${JSON.stringify(flag)},"id":${JSON.stringify(key)},"text":${JSON.stringify(text)}},"meta":{}}\n`;

const ESCAPES: Readonly<Record<string, string>> = { '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't', '\v': 'v', '\\': '\\' };
/** A value as COPY prints it. */
const copied = (text: string): string => text.replaceAll(/[\b\f\n\r\t\v\\]/g, (found) => `\\${ESCAPES[found] ?? found}`);

/**
 * Lines of rows that come in one buffer, which ends with the last of them; batches are given back as soon as they are
 * read.
 */
function linesOf(rows: readonly string[]): string {
  const maker = new LineMaker(PLAN);
  const source = Buffer.from(rows.join(''));
  let text = '';
  const read = (): void => {
    for (let batch = maker.take(); batch !== undefined; batch = maker.take()) {
      text += batch.bytes.toString('utf8');
      maker.giveBack(batch);
    }
  };
  let at = 0;
  for (const row of rows) {
    maker.row(source, at, at + Buffer.byteLength(row));
    at += Buffer.byteLength(row);
    read();
  }
  maker.flush();
  read();
  return text;
}

it('every character comes out right at every place of a word, in keys and in values', () => {
  const characters = [...Array.from({ length: 0x17f }, (_, n) => String.fromCodePoint(n + 1)), '\u2028', '\ufeff', '\u{1f600}'];
  for (const character of characters) {
    const texts = Array.from({ length: 9 }, (_, n) => `${'x'.repeat(n)}${character}${'yz'.repeat(n % 5)}`);
    const rows = texts.map((text) => `${copied(text)}\tt\t${copied(text + text)}\n`);
    expect(linesOf(rows), JSON.stringify(character)).toBe(texts.map((text) => line(text, true, text + text)).join(''));
  }
});

it('rows of every length up to more than a batch, with nothing but characters to be escaped, keep to their room', () => {
  for (const length of [0, 1, 2, 3, 4, 5, 100, 16_383, 16_384, 16_385, 300_000]) {
    const text = '\u0001"'.repeat(length);
    expect(linesOf([`${text}\tf\t\\N\n`, `k\t\\N\t${text}\n`, `l\tf\t\n`])).toBe(
      line(text, false, null) + line('k', null, text) + line('l', false, ''),
    );
  }
});

it('many batches follow each other in the same memory', () => {
  const keys = Array.from({ length: 20_000 }, (_, n) => `key ${String(n)}`);
  expect(linesOf(keys.map((key) => `${key}\tt\t${'v'.repeat(100)}\n`))).toBe(keys.map((key) => line(key, true, 'v'.repeat(100))).join(''));
});

it('a row with other columns, or without an end, is refused whatever stands behind it', () => {
  const maker = new LineMaker(PLAN);
  for (const row of ['a\tt\n', 'a\n', 'a\tt\tb\tc\n', 'a\tt\tb', '\n', '']) {
    const source = Buffer.from(`${row}b\tt\tlater\n`);
    expect(() => maker.row(source, 0, row.length), JSON.stringify(row)).toThrow(/columns that were not asked for/);
  }
});
