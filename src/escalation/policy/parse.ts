import { defined, named, parseDuration } from '../../lib/index.js';
import { parseYaml, type PathProblem, type SecretRef, type YamlFile } from '../../workspace/index.js';
import { calendarProblems } from '../calendar/checks.js';
import type {
  Act,
  ChannelConfig,
  ContactStep,
  Escalation,
  NotifyRef,
  Person,
  Policy,
  Role,
  Schedule,
  Severity,
  Vendor,
  WeeklyHours,
} from '../types.js';
import { referenceProblems } from './references.js';
import { escalationSchema, type EscalationDocument } from './schema.js';
import { secretProblems } from './secret-checks.js';

/** escalation.yml, and where its parts stand. */
export interface EscalationFile {
  readonly escalation: Escalation;
  /**
   * Place of the value at a path of the file (names as written there: `['policies', 'critical', 'levels', 0]`), both
   * from 1.
   */
  readonly at: YamlFile<unknown>['at'];
}

/**
 * Checks the text of an escalation.yml whole: form, names that lead nowhere, calendar, secrets in clear. Resolves
 * inheritance and fills in defaults. Throws `file-invalid` or `secret-literal` with every problem: line, column,
 * nearest word.
 */
export function parseEscalationFile(text: string, fileName: string): EscalationFile {
  const yaml = parseYaml(text, fileName, escalationSchema, problemsOf);
  return { escalation: toEscalation(yaml.value), at: (path) => yaml.at(path) };
}

/** As {@link parseEscalationFile}, without places. */
export function parseEscalation(text: string, fileName: string): Escalation {
  return parseEscalationFile(text, fileName).escalation;
}

function* problemsOf(raw: unknown): Generator<PathProblem> {
  yield* secretProblems(raw);
  yield* referenceProblems(raw);
  yield* calendarProblems(raw);
}

function toEscalation(document: EscalationDocument): Escalation {
  const { timezone, quiet_hours: quiet } = document;
  return {
    version: 1,
    timezone,
    people: mapped(document.people, toPerson),
    schedules: mapped(document.schedules, (entry) => toSchedule(entry, timezone)),
    channels: mapped(document.channels, toChannel),
    authority: mapped(document.authority, (_, name) => toRole(document.authority, name)),
    approvals: { inPerson: document.approvals.in_person, unauthenticated: document.approvals.unauthenticated },
    severities: mapped(document.severities, toSeverity),
    policies: mapped(document.policies, toPolicy),
    ...(quiet === undefined ? {} : { quietHours: toWeekly(quiet, timezone) }),
    vendors: mapped(document.vendors, toVendor),
    caps: { burst: document.caps.burst, everyMs: parseDuration(document.caps.every) },
  };
}

type Part<Key extends keyof EscalationDocument> = EscalationDocument[Key] extends Record<string, infer Entry> ? Entry : never;

function toPerson({ contact, phone, ...entry }: Part<'people'>): Person {
  return { ...entry, ...(phone === undefined ? {} : { phone: toPhone(phone) }), contact: contact.map(toContact) };
}

function toContact(step: Part<'people'>['contact'][number]): ContactStep {
  if (typeof step === 'string') return { kind: step, afterMs: 0 };
  const [[kind, after] = ['email', '0s'] as const] = Object.entries(step) as [ContactStep['kind'], string][];
  return { kind, afterMs: parseDuration(after) };
}

/** A number in clear is kept in the form that services take: `+12125550100`. */
function toPhone(phone: string): SecretRef | string {
  return phone.startsWith('+') ? phone.replaceAll(/[^\d+]/g, '') : phone;
}

function toSchedule({ hours, timezone: own, ...entry }: Part<'schedules'>, timezone: string): Schedule {
  const zone = own ?? timezone;
  return { timezone: zone, ...entry, ...(hours === undefined ? {} : { hours: toWeekly(hours, zone) }) };
}

function toWeekly(hours: NonNullable<EscalationDocument['quiet_hours']>, timezone: string): WeeklyHours {
  return { timezone, ...hours };
}

function toChannel({ type, drills, ...options }: Part<'channels'>, name: string): ChannelConfig {
  return { name, type, ...(drills === true ? { drills } : {}), options };
}

/** A role with the acts and limits of all that it inherits from; its own limits win. Cycles were refused before. */
function toRole(roles: EscalationDocument['authority'], name: string): Role {
  const chain: Part<'authority'>[] = [];
  for (let at: string | undefined = name; at !== undefined && Object.hasOwn(roles, at); at = chain[0]?.inherits) {
    const entry: Part<'authority'> | undefined = roles[at];
    if (entry !== undefined) chain.unshift(entry);
  }
  const own = chain.at(-1);
  return {
    may: [...new Set(chain.flatMap(({ may }): Act[] => may))],
    limits: Object.assign({}, ...chain.map(({ limits }) => limits)) as Role['limits'],
    approvals: own?.approvals ?? 1,
    selfApproval: own?.self_approval ?? true,
    expiresMs: parseDuration(own?.expires ?? '4h'),
  };
}

function toSeverity(entry: NonNullable<EscalationDocument['severities']['sev1']>): Severity {
  return {
    means: entry.means,
    policy: entry.policy,
    quietHours: entry.quiet_hours,
    ...(entry.update_every === undefined ? {} : { updateEveryMs: parseDuration(entry.update_every) }),
    ackExpiresMs: parseDuration(entry.ack_expires),
  };
}

function toPolicy({ repeat, levels, exhausted }: Part<'policies'>): Policy {
  const last = exhausted ?? { notify: levels.at(-1)?.notify ?? [], every: '15m' };
  return {
    repeat,
    levels: levels.map(({ notify, ack_within, grants, vendors }) => ({
      notify: notify as NotifyRef[],
      ackWithinMs: parseDuration(ack_within),
      ...defined({ grants }),
      vendors,
    })),
    exhausted: { notify: last.notify as NotifyRef[], everyMs: parseDuration(last.every) },
  };
}

function toVendor({ support, phone, account, case_fields: caseFields }: Part<'vendors'>): Vendor {
  return { ...defined({ support }), ...(phone === undefined ? {} : { phone: toPhone(phone) }), account, caseFields };
}

function mapped<From, To>(entries: Readonly<Record<string, From | undefined>>, convert: (entry: From, name: string) => To): Record<string, To> {
  return named(Object.entries(entries).flatMap(([name, entry]): [string, To][] => (entry === undefined ? [] : [[name, convert(entry, name)]])));
}
