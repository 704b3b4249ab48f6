/** One noun of the command line. Light data: `--help` and shell completion read it without loading any command. */
export interface Noun {
  readonly name: string;
  readonly summary: string;
  /** Verbs in the order of the help; empty where the noun itself is the command. */
  readonly verbs: readonly string[];
}

/** Every noun, in the order in which the help lists them. */
export const NOUNS: readonly Noun[] = [
  { name: 'init', summary: 'Make this folder a workspace (runback.yml and its folders)', verbs: [] },
  {
    name: 'doctor',
    summary: 'Check workspace, credentials, platforms and syncs; changes nothing',
    verbs: [],
  },
  { name: 'status', summary: 'What is on fire, who acknowledged it, what is paused and due', verbs: [] },
  { name: 'respond', summary: 'Something is wrong: step by step from symptoms to restore', verbs: [] },
  { name: 'investigate', summary: 'What happened: find the damage, its writers and its beginning', verbs: [] },
  {
    name: 'incident',
    summary: 'Acknowledge, page people, record what happened, report',
    verbs: [
      'open',
      'list',
      'show',
      'ack',
      'release',
      'escalate',
      'note',
      'triage',
      'snooze',
      'mitigate',
      'resolve',
      'reopen',
      'merge',
      'link',
      'vendor',
      'report',
    ],
  },
  {
    name: 'runbook',
    summary: 'Guided runbooks: run, resume, undo, check, print',
    verbs: ['list', 'show', 'lint', 'render', 'run', 'resume', 'undo', 'abort', 'takeover', 'runs', 'evidence'],
  },
  {
    name: 'snapshot',
    summary: 'Copies of records, links and schema, in one zip each',
    verbs: ['create', 'import', 'list', 'show', 'verify', 'adopt', 'accept', 'cat', 'export', 'pin', 're-encrypt', 'fetch', 'delete'],
  },
  {
    name: 'monitor',
    summary: 'Watch integrations: canaries, alerts, what the week shows',
    verbs: ['list', 'status', 'show', 'run', 'replay', 'silence', 'review', 'canary'],
  },
  { name: 'backup', summary: 'Jobs that take snapshots by schedule; which of them stay', verbs: ['run', 'jobs', 'prune', 'copy', 'test-restore'] },
  {
    name: 'diff',
    summary: 'What differs between two snapshots, or a snapshot and now',
    verbs: [],
  },
  {
    name: 'restore',
    summary: 'Plan what to put back, apply it, prove it, undo it',
    verbs: ['plan', 'show', 'rehearse', 'apply', 'lost', 'resume', 'undo', 'left', 'verify'],
  },
  { name: 'approve', summary: 'Approve a plan, or what a run waits for, by name and signature', verbs: [] },
  { name: 'sync', summary: 'See, pause and resume the integrations', verbs: ['list', 'status', 'pause', 'resume'] },
  {
    name: 'mapping',
    summary: 'How fields of two platforms belong together; check it',
    verbs: ['init', 'lint', 'show', 'drift', 'accept', 'ping-pong'],
  },
  { name: 'lock', summary: 'Who holds which lock; take one from a holder that has ended', verbs: ['list', 'take'] },
  { name: 'state', summary: 'Where incidents, runs and notes are kept: move them to a database', verbs: ['move'] },
  { name: 'forget', summary: 'Remove a person from snapshots, plans and journals permanently', verbs: [] },
  { name: 'prune', summary: 'Delete old plans, runs, restores and logs by your rules', verbs: [] },
  { name: 'daemon', summary: 'Page, escalate and remind automatically; local status page', verbs: [] },
  {
    name: 'escalation',
    summary: 'Who is paged for an incident, in which order; check and test it',
    verbs: ['show', 'lint', 'simulate', 'test', 'forget'],
  },
  { name: 'drill', summary: 'Rehearse: a failure in a sandbox, rolled back and proved', verbs: ['list', 'run', 'report', 'history', 'schedule'] },
  { name: 'test', summary: 'Test an integration: what is submitted arrives, once and in time', verbs: ['list', 'run', 'report', 'cleanup'] },
  { name: 'parity', summary: 'Is a test environment like production, and apart from it?', verbs: ['check'] },
  { name: 'reconcile', summary: 'Counts and values of both sides of a mapping, compared', verbs: ['run', 'plan', 'view', 'history'] },
  { name: 'sandbox', summary: 'A local sandbox that acts like HubSpot, to practice on', verbs: ['start', 'seed', 'data'] },
  { name: 'demo', summary: 'Try it: a sync goes wrong in a local sandbox, and is undone', verbs: [] },
  { name: 'practice', summary: 'Practice: something goes wrong in a sandbox, and you restore it', verbs: [] },
  { name: 'completion', summary: 'Tab completion for bash, zsh or fish', verbs: [] },
];
