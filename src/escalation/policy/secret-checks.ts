import { SECRET_REF, literalsIn, type PathProblem } from '../../workspace/index.js';
import { entriesOf, field } from './raw.js';

const REFERENCE = 'a reference such as env:NAME, file:PATH, command:PROGRAM or keychain:NAME';
/**
 * The address itself lets anybody post, except where the service asks for a key too. A type that nobody knows may be
 * any of them.
 */
const OPEN_URL = new Set(['webhook', 'pagerduty', 'opsgenie', 'twilio', 'email', 'command', 'bell']);

/** Secrets in clear in escalation.yml. Copes with any data. */
export function* secretProblems(raw: unknown): Generator<PathProblem> {
  for (const [name, entry] of entriesOf(field(raw, 'channels'))) {
    const path = ['channels', name];
    const url = field(entry, 'url');
    if (typeof url === 'string' && !OPEN_URL.has(String(field(entry, 'type'))) && !SECRET_REF.test(url))
      yield {
        path: [...path, 'url'],
        message: 'anyone who knows this address can post to it, so it must not be in a file',
        expected: REFERENCE,
        secret: true,
      };
    for (const [key, value] of entriesOf(entry)) if (key !== 'type') yield* literalsIn(value, [...path, key], REFERENCE);
  }
  for (const [id, entry] of entriesOf(field(raw, 'people'))) {
    const key = field(entry, 'key');
    if (typeof key === 'string' && /PRIVATE KEY/i.test(key))
      yield {
        path: ['people', id, 'key'],
        message: 'a private key must not be in a file',
        expected: 'the public key: ssh-ed25519 AAAA…',
        secret: true,
      };
  }
  for (const [name, entry] of entriesOf(field(raw, 'vendors'))) yield* literalsIn(entry, ['vendors', name], REFERENCE);
}
