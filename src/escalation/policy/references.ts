import { didYouMean } from '../../lib/index.js';
import type { PathProblem, YamlPath } from '../../workspace/index.js';
import { entriesOf, field, itemsOf } from './raw.js';
import { TARGET_KINDS } from './schema.js';

const SHOWN = 30;

/** Names in escalation.yml that lead nowhere, and roles that inherit from themselves. Copes with any data. */
export function* referenceProblems(raw: unknown): Generator<PathProblem> {
  const names = (key: string): string[] => entriesOf(field(raw, key)).map(([name]) => name);
  const lookup = (kind: string, key: string) => {
    const known = names(key);
    return function* (word: unknown, path: YamlPath, shown = String(word)): Generator<PathProblem> {
      if (typeof word !== 'string' || known.includes(word)) return;
      yield { path, message: `there is no ${kind} "${shown}"${didYouMean(word, known)}`, expected: oneOf(known, key) };
    };
  };
  const person = lookup('person', 'people');
  const channel = lookup('channel', 'channels');
  const schedule = lookup('schedule', 'schedules');
  const role = lookup('role', 'authority');
  const policy = lookup('policy', 'policies');
  const vendor = lookup('vendor', 'vendors');

  function* notify(list: unknown, path: YamlPath): Generator<PathProblem> {
    for (const [index, entry] of itemsOf(list)) {
      if (typeof entry !== 'string') continue;
      const at = [...path, index];
      const colon = entry.indexOf(':');
      const [kind, name] = colon === -1 ? ['', entry] : [entry.slice(0, colon), entry.slice(colon + 1)];
      if (kind === 'person') yield* person(name, at);
      else if (kind === 'schedule') yield* schedule(name, at);
      else if (kind === 'channel') yield* channel(name, at);
      else
        yield {
          path: at,
          message: `it is not clear who "${entry}" is${nearestTarget(raw, kind, name)}`,
          expected: 'person:ID, schedule:NAME or channel:NAME',
        };
    }
  }

  for (const [id, entry] of entriesOf(field(raw, 'people'))) yield* role(field(entry, 'role'), ['people', id, 'role']);
  for (const [name, entry] of entriesOf(field(raw, 'schedules'))) {
    for (const [index, id] of itemsOf(field(entry, 'rotation', 'people'))) yield* person(id, ['schedules', name, 'rotation', 'people', index]);
    for (const [index, override] of itemsOf(field(entry, 'overrides')))
      yield* person(field(override, 'person'), ['schedules', name, 'overrides', index, 'person']);
  }
  for (const [name, entry] of entriesOf(field(raw, 'authority'))) yield* role(field(entry, 'inherits'), ['authority', name, 'inherits']);
  yield* cycles(raw);
  for (const [name, entry] of entriesOf(field(raw, 'severities'))) yield* policy(field(entry, 'policy'), ['severities', name, 'policy']);
  for (const [name, entry] of entriesOf(field(raw, 'policies'))) {
    for (const [index, level] of itemsOf(field(entry, 'levels'))) {
      const path = ['policies', name, 'levels', index];
      yield* notify(field(level, 'notify'), [...path, 'notify']);
      yield* role(field(level, 'grants'), [...path, 'grants']);
      for (const [at, word] of itemsOf(field(level, 'vendors'))) yield* vendor(word, [...path, 'vendors', at]);
    }
    yield* notify(field(entry, 'exhausted', 'notify'), ['policies', name, 'exhausted', 'notify']);
  }
}

/** `, did you mean "person:lee"?`: the kind may be mistyped or missing. */
function nearestTarget(raw: unknown, kind: string, name: string): string {
  const keys = { person: 'people', schedule: 'schedules', channel: 'channels' } as const;
  const known = TARGET_KINDS.flatMap((each) => entriesOf(field(raw, keys[each])).map(([id]) => `${each}:${id}`));
  const same = known.filter((target) => target.endsWith(`:${name}`));
  if (same.length === 1) return `, did you mean "${same[0]}"?`;
  return didYouMean(kind === '' ? name : `${kind}:${name}`, known);
}

function* cycles(raw: unknown): Generator<PathProblem> {
  const reported = new Set<string>();
  for (const [start] of entriesOf(field(raw, 'authority'))) {
    const trail = [start];
    for (let at = start; ;) {
      const parent = field(raw, 'authority', at, 'inherits');
      if (typeof parent !== 'string' || reported.has(at)) break;
      trail.push(parent);
      if (parent === start) {
        for (const role of trail) reported.add(role);
        yield {
          path: ['authority', start, 'inherits'],
          message: `a role cannot inherit from itself: ${trail.slice(0, SHOWN).join(' → ')}`,
          expected: 'a role that does not lead back here',
        };
        break;
      }
      if (trail.indexOf(parent) < trail.length - 1) break;
      at = parent;
    }
  }
}

function oneOf(known: readonly string[], key: string): string {
  return known.length === 0 ? `a name from ${key}, which is empty` : `one of ${known.slice(0, SHOWN).join(', ')}`;
}
