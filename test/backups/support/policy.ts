import { join } from 'node:path';

import { Redactor, systemClock } from '../../../src/lib/index.js';
import { openFileStore, type Store } from '../../../src/store/index.js';

/** An escalation.yml with one person and one severity. */
export const POLICY = `version: 1
timezone: UTC
people:
  maya: { name: Maya Ortiz, email: maya@example.com, contact: [email] }
channels:
  mail: { type: email, url: "smtp://127.0.0.1:9", from: runback@example.com }
authority:
  operator: { may: [pause-syncs, snapshot, plan] }
severities:
  sev3: { means: Degraded, policy: all, quiet_hours: ignore }
policies:
  all: { levels: [{ notify: ["person:maya"], ack_within: 15m, grants: operator }], exhausted: { notify: ["person:maya"], every: 15m } }
`;

/** The state of a workspace. */
export function storeIn(dir: string): Store {
  return openFileStore({ dir: join(dir, '.runback'), clock: systemClock, redactor: new Redactor() });
}
