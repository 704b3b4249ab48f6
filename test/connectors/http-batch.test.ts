import { expect, test } from 'vitest';

import { type BatchRequest, sendBatch, Results } from '../../src/connectors/http/batch.js';
import { systemClock } from '../../src/lib/index.js';
import { mailerApi } from '../mailer/wire.js';

const api = mailerApi({
  url: 'http://127.0.0.1:9',
  platform: 'mail',
  key: 'none',
  clock: systemClock,
  environment: {},
  redact: (text) => text,
});

// A user would lose: the restore, which would ask for ever.
test('a change that the platform says it made and did not make, also alone, has failed', async () => {
  const slots = [0, 1, 2].map((index) => ({ index }));
  const sent: number[][] = [];
  const request: BatchRequest<(typeof slots)[number]> = {
    send: async (some) => {
      sent.push(some.map(({ index }) => index));
      return { kind: 'answered', status: 200, headers: {}, body: {} };
    },
    take: async (some) => {
      if (sent.length > 20) throw new Error('sent for ever');
      return { again: some };
    },
    refusal: () => ({ reason: 'rejected', message: '' }),
  };
  const results = new Results(slots.length);
  await sendBatch(api, slots, request, results, {});
  expect(results.finish('open').map(({ status }) => status)).toEqual(['failed', 'failed', 'failed']);
  expect(sent).toEqual([[0, 1, 2], [0, 1], [0], [1], [2]]);
});
