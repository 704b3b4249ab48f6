import type { FieldForm, FieldSchema } from '../../../records/index.js';
import type { MappedField } from '../../document/mapping.js';
import { type LintContext, type Said, shownField, waysOf } from '../context.js';

/** Texts on both sides of which one is held to a form that the other does not have, or is another text than people see. */
export function* formRule({ mapping, pairs }: LintContext): Generator<Said> {
  for (const { field, index, schemas } of pairs)
    for (const [from, to] of waysOf(field)) {
      const [source, target] = [schemas[from], schemas[to]];
      if (source === undefined || target === undefined) continue;
      const path = ['fields', index, mapping.sides[to].name];
      const [here, there] = [shownField(mapping, from, field.names[from]), shownField(mapping, to, field.names[to])];
      const form = formMissed(field, source, target);
      if (form !== undefined)
        yield {
          rule: 'form-mismatch',
          severity: form.severity,
          path,
          message: `${there} takes ${form.takes} only, and ${here} ${form.holds}`,
          ...form.more,
        };
      if (source.masked === true)
        yield {
          rule: 'masked',
          severity: 'warning',
          path,
          message: `${here} is encrypted: who may not see it whole is told letters in its place (****), and these are carried to ${there}`,
          next: 'Give the user of the sync the permission to see encrypted values',
        };
      if (source.markup === true && target.markup !== true)
        yield { rule: 'markup', severity: 'warning', path, message: `${here} holds HTML, and ${there} plain text: people see its tags there` };
      if (isWithoutZone(source) !== isWithoutZone(target) && source.type === 'datetime' && target.type === 'datetime')
        yield {
          rule: 'zone-unsaid',
          severity: 'warning',
          path,
          message: `${isWithoutZone(source) ? here : there} (${(isWithoutZone(source) ? source : target).platformType}) does not say in which time zone its times are, and ${isWithoutZone(source) ? there : here} does: they are taken for UTC`,
        };
    }
}

interface Missed {
  readonly takes: string;
  readonly holds: string;
  readonly severity: 'error' | 'warning';
  readonly more?: { readonly next: string };
}

const TAKES: Readonly<Record<FieldForm, string>> = {
  email: 'e-mail addresses',
  url: 'addresses of pages that begin with http:// or https://',
  'phone/US': 'phone numbers of the United States',
  'zip/US': 'post codes of five digits',
  birthday: 'a month and a day (05/31)',
};

/** What a field takes and its counterpart does not hold to; undefined where it does, or the mapping says how. */
function formMissed({ as, values, max }: MappedField, source: FieldSchema, target: FieldSchema): Missed | undefined {
  const { form } = target;
  if (form === undefined || form === source.form || values !== undefined) return undefined;
  const takes = TAKES[form];
  switch (form) {
    // By their own form, which the values at the edge tell.
    case 'email':
      return undefined;
    case 'phone/US':
      if (as?.kind === 'phone' && as.country === 'US') return undefined;
      return {
        takes,
        holds: as?.kind === 'phone' ? 'those of other countries' : 'any text',
        severity: 'error',
        more: { next: 'as: phone/US in the mapping' },
      };
    case 'birthday':
      return { takes, holds: source.type === 'date' || source.type === 'datetime' ? 'whole dates' : 'any text', severity: 'error' };
    case 'zip/US':
      return max === 5 ? undefined : { takes, holds: 'those of any country', severity: 'warning' };
    case 'url':
      return { takes, holds: 'any text', severity: 'warning' };
  }
}

const isWithoutZone = ({ platformType }: FieldSchema): boolean => /^timestamp(?:\(\d\))? without time zone/u.test(platformType);
