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
