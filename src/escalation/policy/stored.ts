import { named } from '../../lib/index.js';
import type { Escalation } from '../types.js';

/** Rules that come out of a store: as they were parsed, where no name means something that every object inherits. */
export function storedEscalation(stored: Escalation): Escalation {
  const { people, schedules, channels, authority, severities, policies, vendors } = stored;
  const again = <T>(values: Readonly<Record<string, T>>): Record<string, T> => named(Object.entries(values));
  return {
    ...stored,
    people: again(people),
    schedules: again(schedules),
    channels: again(channels),
    authority: again(authority),
    severities: again(severities),
    policies: again(policies),
    vendors: again(vendors),
  };
}
