/** Imports go down only, and never sideways between folders of one number. The numbers are in docs/architecture.md. */
const layers = [
  ['lib'],
  ['records', 'store', 'workspace', 'document'],
  ['calls', 'connectors', 'notify', 'sandbox'],
  ['snapshots', 'syncs', 'escalation', 'mappings'],
  ['restores', 'incidents'],
  ['investigations'],
  ['runbooks', 'stages'],
  ['backups'],
  ['reports', 'drills', 'checks'],
  ['monitors'],
  ['cli', 'daemon'],
];
const rules = layers.flatMap((folders, level) =>
  folders.map((folder) => {
    const forbidden = layers.flatMap((others, other) => (other >= level ? others.filter((name) => name !== folder) : []));
    return {
      name: `down-only-${folder}`,
      severity: 'error',
      from: { path: `^src/${folder}/` },
      to: { path: [`^src/main\\.ts$`, ...forbidden.map((name) => `^src/${name}/`)] },
    };
  }),
);
module.exports = {
  forbidden: [
    ...rules,
    {
      name: 'public-face-only',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/([^/]+)/.+', pathNot: ['^src/$1/', '^src/[^/]+/index\\.ts$'] },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'sandbox-apart', severity: 'error', from: { path: '^src/sandbox/' }, to: { path: '^src/connectors/' } },
    { name: 'sandbox-only-for-rehearsal', severity: 'error', from: { path: '^src/(?!sandbox/|stages/|drills/)' }, to: { path: '^src/sandbox/' } },
    {
      name: 'vendors-apart',
      severity: 'error',
      from: { path: '^src/(connectors|sandbox)/([^/]+)/' },
      // What vendors share: the kits.
      to: { path: '^src/$1/[^/]+/', pathNot: '^src/$1/($2|http|kit)/' },
    },
    {
      name: 'decisions-without-files',
      severity: 'error',
      from: { path: '^src/(restores|records|escalation)/' },
      to: { path: '^(node:)?(fs|fs/promises|net|http|https|child_process)$' },
    },
    {
      // What decides works on facts: it reads and writes nothing, neither a platform nor the store.
      name: 'decisions-are-pure',
      severity: 'error',
      from: {
        path: '^src/(records|mappings|restores/decide|investigations/(labels|patterns|strands|groups|verdicts))/',
      },
      to: { path: '^src/(store|connectors|snapshots|restores/(plan|apply|records))/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'terminal-in-cli-only',
      severity: 'error',
      from: { path: '^src/(?!cli/|main\\.ts)' },
      to: { path: 'node_modules/(commander|inquirer|@inquirer|ora|chalk)/' },
    },
  ],
  options: { tsConfig: { fileName: 'tsconfig.json' }, tsPreCompilationDeps: true, doNotFollow: { path: 'node_modules' }, includeOnly: undefined },
};
