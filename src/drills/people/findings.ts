import { type Escalation, lintEscalation } from '../../escalation/index.js';
import type { Incident } from '../../incidents/index.js';
import { type AccessStep, approvalFindings, permissionFindings } from './access.js';
import { answerIn, unansweredFindings } from './answers.js';
import { KEEPER } from './ladder.js';
import { reachFindings } from './reach.js';
import type { Finding } from './result.js';

/** Everything that a game day found missing by the time its waiting was over. Pure. */
export function findingsOf(file: Escalation, incident: Incident, steps: readonly AccessStep[], at: Date): readonly Finding[] {
  const answer = answerIn(file, incident);
  return [
    ...reachFindings(file, incident, at),
    ...unansweredFindings(file, incident, at),
    ...(answer === undefined ? [] : permissionFindings(file, incident, steps, answer.by)),
    ...approvalFindings(file, incident, steps, answer?.by, at),
    ...ruleFindings(file, at),
  ];
}

/** The backups are encrypted, and nothing can be restored from them here. `why`: without its full stop. */
export const backupKeyFinding = (why: string): Finding => ({
  kind: 'key',
  what: `The key of the backups is not at hand: ${why}`,
  owner: 'whoever keeps the key of the backups',
  next: 'Bring the key or its second copy to where people roll back, and name it in backups.identity: runback doctor tries it out',
});

/** What the rules do not do although it looks as if they did. */
function ruleFindings(file: Escalation, at: Date): readonly Finding[] {
  return lintEscalation(file, { now: at })
    .filter(({ severity }) => severity === 'error')
    .map(({ message }) => ({
      kind: 'procedure',
      what: `escalation.yml: ${message}`,
      owner: KEEPER,
      next: 'Correct escalation.yml: runback escalation lint',
    }));
}
