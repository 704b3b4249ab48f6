import { defined, isRunbackError } from '../../lib/index.js';
import { checkLimits, type PlanFilters } from '../../restores/index.js';
import { understood } from '../flows/restores/moments.js';
import { visible } from '../views/text/visible.js';
import type { Choice } from './asker.js';
import type { OpenPlan, OperatorDeps } from './operator-deps.js';
import { fieldCounts } from './plan-browser.js';

type Part = 'except_fields' | 'fields' | 'objects' | 'only' | 'since' | 'until' | 'text' | 'all';

const PARTS: readonly Choice<Part>[] = [
  { value: 'except_fields', name: 'Leave some fields out', description: 'Fields with correct values stay as they are.' },
  { value: 'fields', name: 'Only some fields', description: 'Everything else stays as it is, links too.' },
  { value: 'objects', name: 'Only some kinds of records', description: 'For example only contacts.' },
  { value: 'only', name: 'Only one kind of damage', description: 'Changed values, deleted records, or links.' },
  { value: 'since', name: 'Only what was written after a time', description: 'When the damage began.' },
  { value: 'until', name: 'Only what was written before a time', description: 'When the damage ended.' },
  { value: 'text', name: 'Write the filter as text', description: 'JSON, as in answers files: {"keys": ["42"], "where": "…"}.' },
  { value: 'all', name: 'No limit', description: 'Everything that differs.' },
];

/** Asks what a plan should be limited to, offering what the present plan holds. Gives the filter as JSON. */
export async function askFilter(
  message: string,
  plan: OpenPlan | undefined,
  deps: Pick<OperatorDeps, 'asker' | 'style' | 'print' | 'zone'>,
): Promise<string> {
  const { asker, style, zone } = deps;
  const counted = plan === undefined ? [] : await fieldCounts(plan);
  const fields = counted.map(({ field, changes }) => ({ value: field, name: `${visible(field)} (${String(changes)} changes)` }));
  const objects = [...new Set(counted.map(({ object }) => object))].map((value) => ({ value, name: visible(value) }));
  const kinds = ['changed', 'deleted', 'links'].map((value) => ({ value, name: value }));
  const names = async (what: string, offered: readonly Choice<string>[]): Promise<readonly string[]> =>
    offered.length > 0
      ? asker.several({ message: what, choices: offered })
      : (
          await asker.text({
            message: `${what} (names, separated by commas)`,
            validate: (text) => text.split(',').some((name) => name.trim() !== '') || 'Type at least one name.',
          })
        )
          .split(',')
          .map((name) => name.trim())
          .filter((name) => name !== '');
  const part = await asker.choose({ message, choices: PARTS });
  const title = PARTS.find(({ value }) => value === part)?.name ?? part;
  if (part === 'all') return '{}';
  const { readFilter } = await import('../../runbooks/index.js');
  const check = (value: unknown): true | string => {
    const read = readFilter(value, style.now, zone);
    if (!read.ok) return `Not valid: ${read.problem}`;
    return plan?.schema === undefined ? true : namesProblem(read.filter, plan.schema);
  };
  if (part === 'text') return asker.text({ message: title, default: '{}', validate: check });
  if (part === 'since' || part === 'until') {
    const time = await asker.text({
      message: `${title} (such as yesterday 14:00${zone === undefined ? 'Z' : ` ${zone} time`}, or 2h for two hours ago)`,
      validate: (text) => (text.trim() === '' ? 'Type a time.' : check({ [part]: text.trim() })),
    });
    const read = readFilter({ [part]: time }, style.now, zone);
    const at = read.ok ? read.filter[part] : undefined;
    if (at !== undefined) deps.print(understood(title, new Date(at), zone));
    // How long ago is meant from the moment it was typed.
    return JSON.stringify(read.ok ? read.filter : { [part]: time });
  }
  const chosen = await names(title, part === 'objects' ? objects : part === 'only' ? kinds : fields);
  return JSON.stringify(chosen.length === 0 ? {} : { [part]: chosen });
}

/** What the names in a filter have wrong, as far as the plan's own object types tell. */
function namesProblem(filter: Parameters<typeof limitsOf>[0], schema: NonNullable<OpenPlan['schema']>): true | string {
  try {
    checkLimits(limitsOf(filter), schema.objects);
    return true;
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    return `Not valid: ${error.message}`;
  }
}

function limitsOf(filter: {
  readonly fields?: readonly string[] | undefined;
  readonly except_fields?: readonly string[] | undefined;
  readonly where?: string | undefined;
}): PlanFilters {
  const { fields, except_fields: exceptFields, where } = filter;
  return {
    ...defined({ fields, exceptFields, where }),
    unattributed: 'refuse',
    deleteCreated: true,
  };
}
