/**
 * Every number that a verdict depends on, with its reason. Changed only together with the table in
 * docs/investigations.md, which says on which stories they were set and on which they were only tried.
 */
export const THRESHOLDS = {
  /** Points from which a group is damage: one strong sign, or two that agree. */
  damage: 3,
  /** Points from which a person is asked. */
  ask: 1,
  /** Points up to which a group is ordinary work: one strong sign for it. */
  ordinary: -1,

  /** Cells below which nothing is called a group of its own: a person makes as many slips in a day. */
  few: 5,
  /** Cells that have one value before that is a pattern: fewer share one by chance in a picklist. */
  oneValue: 8,
  /** Least share of a run that has the one value: below it the value is one among many. */
  oneValueShare: 0.05,
  /** How much more often than before a value must be written to be remarkable. */
  oneValueRise: 4,
  /** Bits of variety that are lost: two are a choice among four, five are names and numbers of people. */
  lostBits: 2,
  manyLostBits: 5,
  /** Share of a run that a pattern over records must explain: by chance it is a few per cent. */
  passedOnShare: 0.5,
  /** Distinct values, per cell, above which a value names its record: below, values of others turn up by chance. */
  distinctShare: 0.35,
  /** Share of a run with the same factor, offset or affix. */
  sameShiftShare: 0.15,
  /** Share of a run in which each old option became one new one; and so many options. */
  remapPurity: 0.95,
  remapOptions: 3,
  /** Share of cut-off values that are as long as the longest: a limit cuts at one length, a person does not. */
  cutAtLimit: 0.6,
  /** Characters that are left of a shortened text, at least: codes (o45, o4) begin alike by chance. No field is limited to fewer. */
  leastLeft: 6,

  /** Minutes without a write that end a stretch, at least; and in medians of the gaps before. */
  gapMinutes: 30,
  gapMedians: 30,
  /** Share of a stretch that is cut off its ends as strays where a gap parts it from the rest. */
  strays: 0.02,
  /** A burst is where an hour holds so many times the writer's busiest hour before. */
  burst: 3,
  /** So many times the busiest hour is far beyond the writer's pace. */
  farBeyond: 10,
  /** Seconds, and medians of the gaps inside, that end a burst. */
  burstGapSeconds: 5,
  burstGapMedians: 10,

  /** Cells below which a person is asked about what the writer has done before, if rarely: a bad day is no failure. */
  rareButKnown: 20,
  /** Share of a run that was empty before, from which it takes nothing away. */
  mostlyEmpty: 0.9,
  /** Hours before the base that tell nothing of what is ordinary, where more are known: damage may have begun before the base was read. */
  hoursBeforeBase: 24,
  /** Past writes from which a writer's habits are known. */
  familiar: 8,
  /** How many times its usual variation a count must be above what is expected: thousands of runs are looked at. */
  deviations: 4,
  /** The same of one value that was looked for among all values. */
  deviationsOfOne: 8,
  /** Records below which a pattern over few different values is chance. */
  lowVariety: 20,
  /** So many times as frequent as before is not usual any more. */
  rise: 5,
  /** A person cannot make more by hand in so many minutes. */
  byHand: 30,
  byHandMinutes: 10,
  /** Share of a run that is damage before the rest of the run counts as part of it. */
  wholeRun: 0.6,
  /** Writes by which most others of a writer have company within a minute: it works in batches, and its pace tells nothing of a moment. */
  company: 0.5,
  /** Writes that the ordinary pace would have made within a run, per cell of the run: below, none of it is ordinary. */
  ordinaryWithin: 0.01,
  /** Minutes in which an automation follows what set it off; and how many times beyond chance. */
  followMinutes: 5,
  followLift: 10,
  /** The same where only records in common tell, and a person is asked. */
  followLiftAsked: 3,
  /** How much more than in its silence a sync may write when it catches up. */
  catchUp: 1.5,
  /** Share of records that two groups without a writer must have in common to be one question. */
  sameRecords: 0.5,
  /** Records of a field and kind whose history is read before it is decided whether to read the rest: a fiftieth of damage in them shows three times. */
  sample: 150,
  /** Cells from which a question is counted as one: fewer are shown folded. */
  largeQuestion: 30,
} as const;

/** Points of what a group has in common, before anything else is known of it. */
export const LABEL_POINTS = {
  // What nobody writes on purpose.
  decoded: 4,
  'passed-on': 4,
  moved: 3.5,
  'day-month': 3.5,
  'opted-in': 3.5,
  truncated: 3,
  artefact: 3,
  // What is mostly wrong, and sometimes meant.
  stale: 2.5,
  'date-offset': 2.5,
  emptied: 2,
  shrunk: 2,
  factor: 2,
  affix: 2,
  unlinked: 1.5,
  deleted: 1.5,
  'one-value': 1.5,
  remapped: 1.5,
  shortened: 1,
  created: 0.5,
  'opted-out': 0.5,
  // What says nothing.
  other: 0,
  linked: 0,
  grown: -0.5,
  form: -1,
  // What destroys nothing.
  filled: -1,
  stamp: -3,
  'put-back': -6,
} as const;

/** Points of everything else that is known of a group. */
export const SIGN_POINTS = {
  /** One value in a choice among a few: statuses are set together on purpose, too. */
  oneOption: 0.5,
  lostVariety: 1.5,
  lostMuchVariety: 2.5,
  /** This writer wrote this field often before, and hardly ever like this. */
  unusual: 2,
  /** It wrote like this as often before. */
  usual: -3,
  /** It wrote before, and never this field. */
  newField: 1,
  farBeyondPace: 1.5,
  withinPace: -1,
  /** The sync's `fields` do not name it. */
  undeclared: 2.5,
  /** They do, and it is no loss: this is what it is there for. */
  declared: -1.5,
  byHand: -5,
  inBulkByPerson: -2,
  byFormOneByOne: -4,
  few: -2.5,
} as const;

/** What makes a field one that a sync is there to write. */
export const PROPOSALS = {
  /** Days before now that are looked at: as long as what an investigation learns habits from. */
  days: 30,
  /** Of those, the last ones do not count: an investigation looks for damage in them. */
  quietDays: 8,
  /** Share of the days that count on which it was written: a sync of working days has five of seven. */
  shareOfDays: 0.5,
  /** The days that count in so many parts, with so many days of each: what began later may be damage of long standing. */
  parts: 3,
  daysOfPart: 2,
  /** Records of each day whose history is read, and how few tell nothing. */
  perDay: 20,
  leastPerDay: 5,
  /** Of the requests that are left of the day: a look must not cost the restore its own. */
  shareOfQuota: 0.01,
} as const;
