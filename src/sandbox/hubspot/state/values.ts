import { badRequest, type ApiFailure, type FailureDetail } from '../failure.js';
import type { PropertyDefinition } from '../properties/definition.js';
import type { ObjectType } from './object-type.js';
import type { AccountSettings } from './reactions/account-settings.js';

/** Property values as HubSpot keeps them: text throughout; `''` in a change clears. */
export type PropertyValues = Readonly<Record<string, string>>;

interface Problem extends FailureDetail {
  readonly code: string;
  readonly name: string;
}

const LONGEST_TEXT = 65_536;
const EMAIL = /^[^\s@<>()[\]\\,;:"]+@[^\s@.]+(\.[^\s@.]+)+$/u;
const E164 = /^\+[1-9]\d{6,14}$/;
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

/** What the values of one write are held against. */
export interface ValueRules {
  readonly portalId: number;
  /** Whether an owner of that id may be given records. */
  readonly mayOwn: (id: string) => boolean;
  readonly settings: AccountSettings;
  /**
   * Who writes without the API stands for every other way in: consent may change (the subscriptions API, the person),
   * and an owner who has left since may be named.
   */
  readonly direct: boolean;
}

/**
 * Checks and normalises the values of one write: addresses in lower case, times as ISO 8601, sets without repeats.
 * `held` gives what the record holds (for a set that starts with `;`, which adds to it).
 * Throws one 400 that lists every problem, as HubSpot does.
 */
export function acceptValues(type: ObjectType, sent: PropertyValues, held: PropertyValues, rules: ValueRules): Record<string, string> {
  const accepted: Record<string, string> = {};
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(sent)) {
    const definition = type.properties.get(name);
    if (!definition) {
      problems.push(problem(name, 'PROPERTY_DOESNT_EXIST', `Property "${name}" does not exist`));
    } else if (definition.readOnlyValue && !(rules.direct && definition.consent)) {
      problems.push(problem(name, 'READ_ONLY_VALUE', `"${name}" is a read only property; its value cannot be set.`));
    } else if (value === '') {
      accepted[name] = '';
    } else {
      const result = acceptValue(type, definition, value, held[name] ?? '', rules);
      if (typeof result === 'string') accepted[name] = result;
      else problems.push(result);
    }
  }
  if (problems.length > 0) throw invalidValues(problems, rules.portalId);
  return accepted;
}

function invalidValues(problems: readonly Problem[], portalId: number): ApiFailure {
  const listed = problems.map((each) => ({
    isValid: false,
    message: each.message,
    error: each.code,
    name: each.name,
    localizedErrorMessage: each.message,
    portalId,
  }));
  return badRequest(
    `Property values were not valid: ${JSON.stringify(listed)}`,
    problems.map(({ message, code, name }) => ({ message, code, context: { propertyName: [name] } })),
  );
}

const problem = (name: string, code: string, message: string): Problem => ({ name, code, message });

function acceptValue(type: ObjectType, definition: PropertyDefinition, value: string, held: string, rules: ValueRules): string | Problem {
  const { name } = definition;
  switch (definition.type) {
    case 'string':
    case 'phone_number':
      return acceptText(type, definition, value, rules);
    case 'number':
      return NUMBER.test(value) ? value : problem(name, 'INVALID_NUMBER', `${value} was not a valid number.`);
    case 'bool': {
      const lower = value.toLowerCase();
      return lower === 'true' || lower === 'false' ? lower : problem(name, 'INVALID_OPTION', notAnOption(value, definition));
    }
    case 'date':
      return acceptDate(name, value);
    case 'datetime':
      return acceptTime(name, value);
    case 'enumeration':
      return acceptOption(definition, value, held, rules);
    default:
      return definition.type satisfies never;
  }
}

function acceptText(type: ObjectType, definition: PropertyDefinition, value: string, rules: ValueRules): string | Problem {
  const { name } = definition;
  if (value.length > LONGEST_TEXT) return problem(name, 'PROPERTY_VALUE_TOO_LONG', `The value is longer than ${LONGEST_TEXT} characters.`);
  if (name === 'email') {
    const address = value.trim().toLowerCase();
    return EMAIL.test(address) ? address : problem(name, 'INVALID_EMAIL', `Email address ${value} is invalid`);
  }
  const text = rules.settings.trimsText ? value.trim() : value;
  if (definition.fieldType === 'phonenumber' && rules.settings.phones === 'validated') {
    const bare = text.replaceAll(/[\s().-]/g, '');
    if (E164.test(bare)) return bare;
    return rules.direct ? text : problem(name, 'INVALID_PHONE_NUMBER', `${value} is not a valid phone number.`);
  }
  // Seen in recorded answers: a contact's website gets a scheme, a company's does not.
  return type.name === 'contacts' && name === 'website' && !/^[a-z][a-z0-9+.-]*:/i.test(text) ? `http://${text}` : text;
}

function acceptDate(name: string, value: string): string | Problem {
  const time = timeOf(value);
  if (time === undefined) return problem(name, 'INVALID_DATE', `${value} was not a valid date.`);
  if (time % 86_400_000 !== 0)
    return problem(name, 'INVALID_DATE', `${value} is at ${new Date(time).toISOString().slice(11, 23)} UTC, not midnight!`);
  return new Date(time).toISOString().slice(0, 10);
}

function acceptTime(name: string, value: string): string | Problem {
  const time = timeOf(value);
  return time === undefined ? problem(name, 'INVALID_DATE', `${value} was not a valid date.`) : new Date(time).toISOString();
}

/** Milliseconds of an epoch number or an ISO time; undefined for anything else. */
export function timeOf(value: string): number | undefined {
  const time = /^-?\d+$/.test(value) ? Number(value) : /^\d{4}-\d{2}-\d{2}(T.*)?$/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time) || Math.abs(time) > 8.64e15) return undefined;
  // Days that a month does not have are taken for the next month's by the parser.
  const day = /^\d{4}-\d{2}-\d{2}/.exec(value)?.[0];
  return day !== undefined && !new Date(Date.parse(day)).toISOString().startsWith(day) ? undefined : time;
}

function acceptOption(definition: PropertyDefinition, value: string, held: string, rules: ValueRules): string | Problem {
  if (definition.referencedObjectType === 'OWNER')
    return rules.direct || rules.mayOwn(value) ? value : problem(definition.name, 'INVALID_OWNER_ID', `Owner ${value} does not exist.`);
  const known = new Set(definition.options.map((each) => each.value));
  if (definition.fieldType !== 'checkbox')
    return known.has(value) ? value : problem(definition.name, 'INVALID_OPTION', notAnOption(value, definition));
  const added = value.split(';').filter((each) => each !== '');
  const wrong = added.find((each) => !known.has(each));
  if (wrong !== undefined) return problem(definition.name, 'INVALID_OPTION', notAnOption(wrong, definition));
  const all = value.startsWith(';') ? [...held.split(';').filter((each) => each !== ''), ...added] : added;
  return [...new Set(all)].join(';');
}

const notAnOption = (value: string, definition: PropertyDefinition): string =>
  `${value} was not one of the allowed options: [${definition.options.map((each) => each.value).join(', ')}]`;
