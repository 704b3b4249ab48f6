import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { decodeText, isRunbackError, readTextFile, type RunbackError } from '../../src/lib/index.js';
import { temporaryFolder } from '../support/store.js';

const refusal = (bytes: Uint8Array): RunbackError => {
  try {
    decodeText(bytes, 'runback.yml');
  } catch (error) {
    if (isRunbackError(error)) return error;
    throw error;
  }
  throw new Error('it was accepted');
};
const utf16 = (text: string, mark = '\uFEFF'): Buffer => Buffer.from(mark + text, 'utf16le');
const swapped = (bytes: Buffer): Buffer => Buffer.from(bytes).swap16();

test('a text reads the same whatever system it was written on', async () => {
  const folder = await temporaryFolder();
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.string({ maxLength: 20 }).map((line) => line.replaceAll(/[\r\n]/g, '')),
        { maxLength: 6 },
      ),
      async (lines) => {
        // A file cannot tell a mark from a first letter that is one; and zeros are no text.
        fc.pre(!lines.join('\n').startsWith('\uFEFF') && !lines.join('').includes('\0'));
        for (const lineBreak of ['\n', '\r\n', '\r'])
          for (const mark of ['', '\uFEFF']) {
            const path = join(folder, 'file');
            await writeFile(path, mark + lines.join(lineBreak));
            expect(await readTextFile(path)).toBe(lines.join('\n'));
          }
      },
    ),
    { numRuns: 40 },
  );
});

describe('what is no UTF-8 is refused with what it is and how to mend it, never read as rubbish', () => {
  test.each<[string, Buffer, RegExp]>([
    ['UTF-16 as Notepad writes it', utf16('version: 1\r\n'), /written in UTF-16/],
    ['UTF-16, the other way round', swapped(utf16('version: 1\r\n')), /written in UTF-16/],
    ['UTF-16 without a mark', utf16('version: 1\r\n', ''), /written in UTF-16/],
    ['the same the other way round', swapped(utf16('version: 1\r\n', '')), /written in UTF-16/],
    ['UTF-16 of two letters', utf16('ab'), /written in UTF-16/],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x76, 0, 0, 0]), /written in UTF-32/],
    ['Latin-1', Buffer.from('a: 1\r\nname: Jos\xe9\nb: 2\n', 'latin1'), /Line 2 holds a byte that is not UTF-8/],
    ['a cut letter at the end', Buffer.from('a: 1\nb: é').subarray(0, -1), /Line 2 holds/],
  ])('%s', (_, bytes, why) => {
    const error = refusal(bytes);
    expect(error.code).toBe('file-unreadable');
    expect(error.message).toContain('runback.yml');
    expect(error.why).toMatch(why);
    expect(error.next).toMatch(/UTF-8/);
  });

  test('any bytes are either read or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          expect(typeof decodeText(bytes, 'x')).toBe('string');
        } catch (error) {
          expect(isRunbackError(error, 'file-unreadable')).toBe(true);
        }
      }),
    );
  });
});
