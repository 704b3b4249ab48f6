import { z } from 'zod';

import type { Automation, AutomationStep, Trigger } from '../../../automation.js';
import type { Reacting } from '../reactions/reacting.js';

/** What the vendor keeps of a workflow beside what it does. */
export const flowForm = z.object({ revision: z.number(), createdAt: z.number(), updatedAt: z.number() });
type Revision = Readonly<z.infer<typeof flowForm>>;

/** A workflow as a list of them shows it. */
export interface FlowListing {
  readonly id: string;
  readonly isEnabled: boolean;
  readonly flowType: 'WORKFLOW';
  readonly objectTypeId: string;
  readonly revisionId: string;
  readonly name: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** The account's automations as HubSpot's workflows, each with the number of its revision. */
export class Flows {
  readonly revisions = new Map<string, Revision>();

  constructor(private readonly portal: Reacting) {}

  find(id: string): Automation | undefined {
    return this.portal.automations.automations().find((each) => each.id === id);
  }

  /** Adds or replaces one: its revision counts up. */
  save(automation: Automation): void {
    this.portal.automations.automate(automation);
    const now = this.portal.now();
    const held = this.revisions.get(automation.id);
    this.revisions.set(automation.id, { revision: (held?.revision ?? 0) + 1, createdAt: held?.createdAt ?? now, updatedAt: now });
  }

  listing({ id, enabled, object, name }: Automation): FlowListing {
    const { revision, createdAt, updatedAt } = this.revisions.get(id) ?? { revision: 1, createdAt: 0, updatedAt: 0 };
    return {
      id,
      isEnabled: enabled,
      flowType: 'WORKFLOW',
      objectTypeId: this.portal.types.get(object).typeId,
      revisionId: String(revision),
      name,
      createdAt: new Date(createdAt).toISOString(),
      updatedAt: new Date(updatedAt).toISOString(),
    };
  }

  /** One as a whole. */
  present(automation: Automation): FlowListing & Readonly<Record<string, unknown>> {
    const actions = automation.does.flatMap(actionsOf).map((action, index, all) => ({
      type: 'SINGLE_CONNECTION',
      actionId: String(index + 1),
      actionTypeVersion: 0,
      ...action,
      ...(index + 1 < all.length && { connection: { edgeType: 'STANDARD', nextActionId: String(index + 2) } }),
    }));
    const listing = this.listing(automation);
    return {
      ...listing,
      type: listing.objectTypeId === '0-1' ? 'CONTACT_FLOW' : 'PLATFORM_FLOW',
      ...(actions.length > 0 && { startActionId: '1' }),
      nextAvailableActionId: String(actions.length + 1),
      actions,
      enrollmentCriteria: criteriaOf(automation.when, automation.repeats ?? false),
      timeWindows: [],
      blockedDates: [],
      customProperties: {},
      dataSources: [],
      crmObjectCreationStatus: 'COMPLETE',
      suppressionListIds: [],
      ...(listing.objectTypeId === '0-1' && { canEnrollFromSalesforce: false }),
    };
  }
}

interface Action {
  readonly actionTypeId: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

function actionsOf(step: AutomationStep): readonly Action[] {
  switch (step.do) {
    case 'set':
      return Object.entries(step.values).map(([name, value]) => ({
        actionTypeId: '0-5',
        fields: { property_name: name, value: { type: 'STATIC_VALUE', staticValue: value ?? '' } },
      }));
    case 'rewrite':
      return [{ actionTypeId: '0-5', fields: { property_name: step.field, value: { type: 'FORMATTED_VALUE', format: step.as } } }];
    case 'wait':
      return [{ actionTypeId: '0-1', fields: { delta: String(Math.round(step.ms / 60_000)), time_unit: 'MINUTES' } }];
    case 'mail':
      return [{ actionTypeId: '0-4', fields: { content_id: step.subject } }];
    default:
      return step satisfies never;
  }
}

function criteriaOf(when: Trigger, shouldReEnroll: boolean): unknown {
  if (when.on === 'create') return { type: 'EVENT_BASED', shouldReEnroll, eventFilterBranches: [], listMembershipFilterBranches: [] };
  const operation =
    when.becomes === undefined
      ? { operationType: 'ALL_PROPERTY', operator: 'IS_KNOWN', includeObjectsWithNoValueSet: false }
      : { operationType: 'MULTISTRING', operator: 'IS_EQUAL_TO', values: [when.becomes], includeObjectsWithNoValueSet: false };
  const filters = [{ filterType: 'PROPERTY', property: when.field, operation }];
  const and = { filterBranchType: 'AND', filterBranchOperator: 'AND', filterBranches: [], filters };
  const listFilterBranch = { filterBranchType: 'OR', filterBranchOperator: 'OR', filterBranches: [and], filters: [] };
  return {
    type: 'LIST_BASED',
    shouldReEnroll,
    unEnrollObjectsNotMeetingCriteria: false,
    reEnrollmentTriggersFilterBranches: shouldReEnroll ? [and] : [],
    listFilterBranch,
  };
}
