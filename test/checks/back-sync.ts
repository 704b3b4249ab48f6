// The way back: from the HubSpot sandbox to the Salesforce one, and what can be wrong with it.
import { MAPPING, type SyncWorld } from './faulty-sync.js';

/** What the way back can do wrong. */
export const BACK_FAULTS = ['back-ignored', 'back-truncated', 'authority-ignored', 'deletion-ignored', 'cleared-on-the-way'] as const;
export type BackFault = (typeof BACK_FAULTS)[number] | 'none';

/** Two fields come back: one whose value counts in HubSpot, and one that both may change. */
export const BOTH_WAYS = MAPPING.replace('on_delete: { crm: inactive in map }', 'on_delete: { crm: inactive in map, map: deleted in crm }').concat(
  '  - { crm: Department, map: company, authority: map }\n',
  '  - { crm: MobilePhone, map: mobilephone, two_way: reps and forms both correct it, wins: newest, as: phone/US }\n',
);

const BACK = { kind: 'integration', id: '910', label: 'Map to CRM' } as const;

/** Carries what changed in HubSpot whenever time passes in the world. */
export function carryBack(world: SyncWorld, fault: BackFault): void {
  const seen = new Map<string, string>();
  const gone = new Set<string>();
  world.also = () => {
    for (const [original, copy] of world.copies()) {
      const there = world.map.truth().record('contacts', copy);
      const ours = world.crm.truth().record('Contact', original);
      if (ours === undefined || gone.has(copy)) continue;
      const writer = world.crm.writeAs(BACK);
      if (there === undefined) {
        gone.add(copy);
        if (fault !== 'deletion-ignored') writer.remove('Contact', original);
        continue;
      }
      if (!seen.has(copy) && ours['MobilePhone'] !== undefined)
        world.map.writeAs(BACK).update('contacts', copy, { mobilephone: ours['MobilePhone'] });
      const { company, mobilephone, jobtitle } = world.map.truth().record('contacts', copy) ?? {};
      const text = JSON.stringify({ company, mobilephone, jobtitle });
      const before = seen.get(copy);
      seen.set(copy, text);
      if (before === undefined || before === text || fault === 'back-ignored') continue;
      writer.update('Contact', original, {
        Department: (fault === 'back-truncated' ? company?.slice(0, 3) : company) ?? null,
        MobilePhone: mobilephone ?? null,
        ...(fault === 'authority-ignored' && { Title: jobtitle ?? null }),
        ...(fault === 'cleared-on-the-way' && { MailingCity: null }),
      });
    }
  };
}
