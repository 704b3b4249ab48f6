import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  type ApprovalBlock,
  type ApprovalPayload,
  checkApprovalBlock,
  formatApprovalBlock,
  parseApprovalBlocks,
} from '../../src/escalation/index.js';
import { isRunbackError } from '../../src/lib/index.js';
import { tries } from '../support/sweeps.js';
import { makeKey, policy, signPayload } from './ssh-support.js';

const PAYLOAD: ApprovalPayload = {
  v: 1,
  of: 'a'.repeat(64),
  plan: 'plan-20261122-120000-abcd',
  authority: 'approve-restore',
  by: 'lee',
  at: '2026-11-22T12:00:00.000Z',
  expires: '2026-11-22T13:00:00.000Z',
  records: 12_400,
  percent: 3.5,
  account: '62515 "Größe"',
  environment: 'production',
};
const key = makeKey();
const BLOCK: ApprovalBlock = { payload: PAYLOAD, signature: signPayload(key, PAYLOAD) };

/** What mail and chat do to a text. */
const MANGLED: Readonly<Record<string, (text: string) => string>> = {
  nothing: (text) => text,
  'text around it': (text) => `Hi Maya,\nhere it is:\n\n${text}\n\n-- \nLee`,
  CRLF: (text) => text.replaceAll('\n', '\r\n'),
  'a quotation': (text) =>
    text
      .split('\n')
      .map((line) => `> ${line}`)
      .join('\n'),
  'a quotation of a quotation, wrapped anew': (text) =>
    text
      .split('\n')
      .flatMap((line) => (line.startsWith('-----') ? [line] : (line.match(/.{1,20}/gu) ?? [])))
      .map((line) => `>> > ${line}`)
      .join('\r\n'),
  'all on one line': (text) => text.replaceAll('\n', ' '),
  'quotation marks as HTML writes them': (text) =>
    text
      .split('\n')
      .map((line) => `&gt; ${line}`)
      .join('\n'),
  'indentation and trailing blanks': (text) =>
    text
      .split('\n')
      .map((line) => `\t  ${line} \u00A0`)
      .join('\n'),
  'dashes made pretty': (text) => text.replaceAll('-----', '—–-'),
  'blank lines between': (text) => text.replaceAll('\n', '\n\n'),
};

describe('an approval that is pasted', () => {
  test.each(Object.entries(MANGLED))('survives %s', (_, mangle) => {
    expect(parseApprovalBlocks(mangle(formatApprovalBlock(BLOCK)))).toEqual([BLOCK]);
  });

  test('is found beside others, signed and not', () => {
    const unsigned: ApprovalBlock = { payload: { ...PAYLOAD, by: 'kim' } };
    expect(parseApprovalBlocks(`${formatApprovalBlock(BLOCK)}\n\nand\n${formatApprovalBlock(unsigned)}`)).toEqual([BLOCK, unsigned]);
  });

  test('and was damaged says so: cut off, a line lost, a letter changed', () => {
    const text = formatApprovalBlock(BLOCK);
    const lines = text.split('\n');
    const message = (given: string): string => {
      try {
        parseApprovalBlocks(given);
      } catch (error) {
        if (isRunbackError(error, 'file-invalid')) return error.message;
      }
      return 'read';
    };
    expect(message(lines.slice(0, -1).join('\n'))).toContain('cut off');
    for (let at = 1; at < lines.length - 1; at += 1)
      expect(message(lines.filter((_, index) => index !== at).join('\n'))).toMatch(/damaged|not what/u);
    for (let at = 40; at < text.length - 40; at += 11)
      if (/\w/u.test(text.charAt(at)))
        expect(message(`${text.slice(0, at)}${text.charAt(at) === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`)).toMatch(/damaged|not what/u);
    expect(message('yes, go on')).toContain('no approval');
  });

  test('of any content comes back as it was, and any text is read or refused', () => {
    const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(word, word, fc.nat(), fc.constantFrom(...Object.values(MANGLED)), (by, account, records, mangle) => {
        const block: ApprovalBlock = { payload: { ...PAYLOAD, by, account, records } };
        expect(parseApprovalBlocks(mangle(formatApprovalBlock(block)))).toEqual([block]);
      }),
    );
    const text = formatApprovalBlock(BLOCK);
    const pieces = fc.constantFrom('-----BEGIN RUNBACK APPROVAL-----', '-----END RUNBACK APPROVAL-----', text.slice(40, 140), '> ', '\r\n', '-', ' ');
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string({ unit: 'binary' })), { maxLength: 30 }), (parts) => {
        try {
          parseApprovalBlocks(parts.join(''));
        } catch (error) {
          expect(isRunbackError(error, 'file-invalid')).toBe(true);
        }
      }),
      { numRuns: tries(2000) },
    );
    const long = '-'.repeat(300_000) + '>'.repeat(300_000) + ' '.repeat(300_000);
    expect(() => parseApprovalBlocks(long)).toThrow('no approval');
  });
});

describe('the signature of an approval', () => {
  const file = policy({}, { lee: key.line });

  test('proves who gave it, and ends with any change of what it says', () => {
    expect(checkApprovalBlock(file, BLOCK)).toMatchObject({
      ok: true,
      fact: { by: 'lee', authenticated: 'signature', fingerprint: expect.stringContaining('SHA256:') },
    });
    const changes: Partial<ApprovalPayload>[] = [
      { of: 'b'.repeat(64) },
      { plan: 'plan-other' },
      { authority: 'resume-syncs' },
      { at: '2026-11-22T12:00:01.000Z' },
      { expires: '2027-11-22T13:00:00.000Z' },
      { records: 1 },
      { percent: 1 },
      { account: 'other' },
      { environment: 'sandbox' },
      { run: 'run-1' },
    ];
    for (const change of changes)
      expect(checkApprovalBlock(file, { ...BLOCK, payload: { ...PAYLOAD, ...change } })).toMatchObject({ ok: false, code: 'signature-invalid' });
  });

  test('by another key, for a person without a key or for nobody does not count; without a signature nothing is proved', () => {
    const stranger = makeKey();
    expect(checkApprovalBlock(file, { payload: PAYLOAD, signature: signPayload(stranger, PAYLOAD) })).toMatchObject({
      ok: false,
      code: 'key-unknown',
    });
    expect(checkApprovalBlock(policy(), BLOCK)).toMatchObject({ ok: false, code: 'key-unknown' });
    for (const by of ['nobody', 'constructor', '__proto__']) {
      const payload = { ...PAYLOAD, by };
      expect(checkApprovalBlock(file, { payload, signature: signPayload(key, payload) })).toMatchObject({ ok: false, code: 'key-unknown' });
    }
    expect(checkApprovalBlock(file, { payload: PAYLOAD })).toMatchObject({ ok: true, fact: { authenticated: 'none' } });
  });
});
