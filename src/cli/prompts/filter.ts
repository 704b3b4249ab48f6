import { visible } from '../views/visible.js';
import type { Choice } from './asker.js';
import type { OpenPlan, OperatorDeps } from './operator-deps.js';
import { fieldCounts } from './plan-browser.js';

type Part = 'except_fields' | 'fields' | 'objects' | 'only' | 'since' | 'until' | 'text' | 'all';

const PARTS: readonly Choice<Part>[] = [
  { value: 'except_fields', name: 'Leave some fields out', description: 'Fields that were written rightly stay as they are.' },
  { value: 'fields', name: 'Only some fields', description: 'Everything else stays as it is, links too.' },
  { value: 'objects', name: 'Only some kinds of records', description: 'For example only contacts.' },
  { value: 'only', name: 'Only one kind of damage', description: 'Changed values, deleted records, or links.' },
  { value: 'since', name: 'Only what was written after a time', description: 'When the damage began.' },
  { value: 'until', name: 'Only what was written before a time', description: 'When the damage ended.' },
  { value: 'text', name: 'Write the filter as text', description: 'JSON, as in answers files: {"keys": ["42"], "where": "…"}.' },
  { value: 'all', name: 'No limit', description: 'Everything that differs.' },
];

/** Asks what a plan should be limited to, offering what the present plan holds. Gives the filter as JSON. */
export async function askFilter(message: string, plan: OpenPlan | undefined, deps: Pick<OperatorDeps, 'asker' | 'style'>): Promise<string> {
  const { asker, style } = deps;
  const counted = plan === undefined ? [] : await fieldCounts(plan);
  const fields = counted.map(({ field, changes }) => ({ value: field, name: `${visible(field)} (${String(changes)} changes)` }));
  const objects = [...new Set(counted.map(({ object }) => object))].map((value) => ({ value, name: visible(value) }));
  const kinds = ['changed', 'deleted', 'links'].map((value) => ({ value, name: value }));
  const names = async (what: string, offered: readonly Choice<string>[]): Promise<readonly string[]> =>
    offered.length > 0
      ? asker.several({ message: what, choices: offered })
      : (await asker.text({ message: `${what} (names, separated by commas)` }))
          .split(',')
          .map((name) => name.trim())
          .filter((name) => name !== '');
  const part = await asker.choose({ message, choices: PARTS });
  const title = PARTS.find(({ value }) => value === part)?.name ?? part;
  if (part === 'all') return '{}';
  if (part === 'text') return asker.text({ message: title, default: '{}', validate: isFilter });
  if (part === 'since' || part === 'until') {
    const time = await asker.text({ message: `${title} (for example ${style.now.toISOString().slice(0, 16)}Z, or 2h for two hours ago)` });
    return JSON.stringify(time.trim() === '' ? {} : { [part]: time.trim() });
  }
  const chosen = await names(title, part === 'objects' ? objects : part === 'only' ? kinds : fields);
  return JSON.stringify(chosen.length === 0 ? {} : { [part]: chosen });
}

function isFilter(text: string): true | string {
  try {
    const value: unknown = JSON.parse(text);
    return (typeof value === 'object' && value !== null && !Array.isArray(value)) || 'Write an object: {"fields": ["email"]}';
  } catch {
    return 'That is not JSON. For example: {"fields": ["email"]}';
  }
}
