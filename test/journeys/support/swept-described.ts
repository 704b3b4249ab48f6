import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { type Clock, systemClock } from '../../../src/lib/index.js';
import { type MailerSandbox, startMailerSandbox } from '../../mailer/sandbox.js';
import type { SweptPlatform } from './swept-platform.js';

const TOKEN = 'pb-swept';
const OBJECT = 'subscribers';
const DESCRIPTION = readFileSync(join(import.meta.dirname, '../../connectors/rest/postbird.yml'), 'utf8');
/** What happens one after the other lies some whole seconds apart, and all of it before the run. */
const BEFORE_MS = 120_000;
const STEP_MS = 20_000;

/**
 * Wrong values, emptied ones, unique addresses in a ring, deleted records, and two too many, made by a sync: on a platform that only a
 * file describes, which tells nothing of who wrote what, and makes, changes and deletes in batches and one by one.
 */
export const sweptDescribed: SweptPlatform = {
  title: 'a described platform',
  name: 'mail',
  runbook: 'mass-overwrite',
  writesAs: 'feed',
  answers: { apply: ['sandbox:19'], apply_created: ['sandbox:2'] },
  isWrite: (method, target) =>
    /\/feed\/(?:pause|resume)$/u.test(target) || method === 'DELETE' || (method === 'POST' && /\/subscribers(?:\/bulk)?(?:\?|$)/u.test(target)),
  start: async () => {
    let ahead = 0;
    const clock: Clock = { ...systemClock, now: () => new Date(Date.now() + ahead) };
    const sandbox = await startMailerSandbox({ clock, token: TOKEN, perMinute: 1_000_000, perDay: 1_000_000 });
    const keys: string[] = [];
    return {
      sandbox,
      config: `{ connector: rest, environment: sandbox, account: "4711", url: "${sandbox.url}", credentials: { token: file:token }, limits: { requests_per_10s: 100000 }, options: { description: postbird.yml, settle: 1s } }`,
      files: { token: TOKEN, 'postbird.yml': DESCRIPTION.replace('requests: 60, per: 1m', 'requests: 10000, per: 1s') },
      fill: () => {
        ahead = -BEFORE_MS;
        const maya = sandbox.writeAs({ kind: 'person', id: '7' });
        for (let n = 0; n < 24; n += 1)
          keys.push(
            maya.create(OBJECT, {
              first_name: `First ${n}`,
              city: n % 2 === 0 ? 'Bern' : 'Basel',
              email: `p${n}@example.com`,
              consent: 'subscribed',
            }),
          );
        ahead += STEP_MS;
      },
      damage: () => {
        ahead += STEP_MS;
        const feed = sandbox.writeAs({ kind: 'integration', id: 'feed' });
        for (const key of keys.slice(0, 8)) feed.update(OBJECT, key, { first_name: 'Valued Customer' });
        for (const key of keys.slice(6, 12)) feed.update(OBJECT, key, { city: null });
        for (const name of ['one', 'two']) feed.create(OBJECT, { first_name: name, email: `${name}@dup.example` });
        for (const key of keys.slice(12, 15)) feed.remove(OBJECT, key);
        // Three addresses in a ring: each is held by the one that gives its own to the next.
        const ring = keys.slice(15, 18);
        for (const key of ring) feed.update(OBJECT, key, { email: null });
        for (const [n, key] of ring.entries()) feed.update(OBJECT, key, { email: `p${15 + ((n + 1) % 3)}@example.com` });
        ahead += STEP_MS;
        sandbox.writeAs({ kind: 'person', id: '9' }).update(OBJECT, keys[20] ?? '', { city: 'Edited by hand' });
        ahead += STEP_MS;
      },
      state: () => stateOf(sandbox),
    };
  },
};

function stateOf(sandbox: MailerSandbox): unknown {
  return [...sandbox.truth().records(OBJECT)].map(({ key, values }) => ({ key, values: { ...values } }));
}
