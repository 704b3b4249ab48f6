import { z } from 'zod';

import { canonicalJson, defined, RunbackError, sha256 } from '../../lib/index.js';
import { ACTS } from '../types.js';

const moment = z.iso.datetime().max(40);
const word = z.string().min(1).max(300);

const payloadSchema = z.strictObject({
  v: z.literal(1),
  /** Hash of what is approved. */
  of: word,
  plan: word.optional(),
  run: word.optional(),
  authority: z.enum(ACTS),
  /** Id of the person in escalation.yml. */
  by: word,
  at: moment,
  expires: moment,
  records: z.int().min(0).optional(),
  percent: z.number().min(0).optional(),
  account: word.optional(),
  environment: word.optional(),
});

/** What a person approves. What is signed is {@link approvalText} of it: nothing beside it counts. */
export type ApprovalPayload = z.infer<typeof payloadSchema>;

/** An approval as it travels: what is approved, and the signature where there is one. */
export interface ApprovalBlock {
  readonly payload: ApprovalPayload;
  /** SSHSIG in base64, without its armor. Absent: nothing proves who gave it. */
  readonly signature?: string;
}

const envelopeSchema = z.strictObject({
  payload: payloadSchema,
  signature: z
    .string()
    .regex(/^[A-Za-z0-9+/]+={0,2}$/)
    .max(44_000)
    .optional(),
  /** Beginning of the digest of the rest: tells a block that was damaged on its way from one that was changed. */
  sum: z.string(),
});

const WIDTH = 64;
/** Text beyond this is not looked at. */
const MOST_TEXT = 1_000_000;
const MOST_BODY = 100_000;
const MARK = (word: 'BEGIN' | 'END'): RegExp => new RegExp(`[-–—]{2,10}\\s?${word}\\s{1,4}RUNBACK\\s{1,4}APPROVAL\\s?[-–—]{2,10}`, 'gu');

/** The text that is signed. */
export function approvalText(payload: ApprovalPayload): string {
  return canonicalJson(payload);
}

/** An approval as text that can be pasted into a mail or chat: base64 between two lines. */
export function formatApprovalBlock(block: ApprovalBlock): string {
  const body = Buffer.from(canonicalJson({ ...bare(block), sum: sumOf(block) })).toString('base64');
  const lines = body.match(new RegExp(`.{1,${WIDTH}}`, 'gu')) ?? [];
  return ['-----BEGIN RUNBACK APPROVAL-----', ...lines, '-----END RUNBACK APPROVAL-----'].join('\n');
}

/**
 * Every approval in a text, whatever stands around them: other text, CRLF, `> ` of a quotation, lines that were wrapped
 * anew. Throws `file-invalid` where there is none, or where one is damaged.
 */
export function parseApprovalBlocks(text: string): readonly [ApprovalBlock, ...ApprovalBlock[]] {
  if (text.length > MOST_TEXT) throw broken('The text is too long to hold an approval');
  const plain = text.replaceAll('&gt;', '>').replaceAll(/^[ \t]*(?:>[ \t]?)+/gmu, '');
  const blocks: ApprovalBlock[] = [];
  const begins = [...plain.matchAll(MARK('BEGIN'))];
  const ends = [...plain.matchAll(MARK('END'))];
  let past = 0;
  for (const begin of begins) {
    const from = begin.index + begin[0].length;
    if (begin.index < past) continue;
    const end = ends.find((one) => one.index >= from);
    if (end === undefined) throw broken('The approval is cut off: its last line, END RUNBACK APPROVAL, is missing');
    past = end.index;
    blocks.push(blockOf(plain.slice(from, end.index)));
  }
  const [first, ...others] = blocks;
  if (first === undefined)
    throw broken('There is no approval in the text', 'It has to hold the lines from BEGIN RUNBACK APPROVAL to END RUNBACK APPROVAL.');
  return [first, ...others];
}

function blockOf(body: string): ApprovalBlock {
  if (body.length > MOST_BODY) throw broken('The approval is too long to be one');
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(body.replaceAll(/[^A-Za-z0-9+/]/gu, ''), 'base64').toString('utf8'));
  } catch {
    throw broken('The approval was damaged on its way', 'Characters are missing, or there are too many.');
  }
  const parsed = envelopeSchema.safeParse(json);
  if (!parsed.success) {
    const newer = typeof json === 'object' && json !== null && 'payload' in json && Number((json.payload as { v?: unknown } | null)?.v) > 1;
    throw broken(newer ? 'The approval was made by a later version of runback' : 'The approval is not what runback wrote');
  }
  const { payload, signature, sum } = parsed.data;
  const block = bare({ payload, ...defined({ signature }) });
  if (sum !== sumOf(block)) throw broken('The approval was damaged on its way', 'Its checksum does not match.');
  return block;
}

const bare = ({ payload, signature }: ApprovalBlock): ApprovalBlock => ({ payload, ...defined({ signature }) });
const sumOf = (block: ApprovalBlock): string => sha256(canonicalJson(bare(block))).slice(0, 16);

function broken(message: string, why?: string): RunbackError {
  return new RunbackError('file-invalid', message, {
    ...defined({ why }),
    state: 'Nothing was recorded.',
    next: 'Copy all of it again, from the BEGIN line to the END line.',
  });
}
