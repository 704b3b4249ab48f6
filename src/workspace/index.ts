export * from './environment.js';
export { literalsIn } from './checks.js';
export { findWorkspace, loadWorkspace, readYamlText } from './load.js';
export { type PlacedProblem, problemsIn } from './problems.js';
export { durationSchema, SECRET_REF, workspaceSchema } from './schema.js';
export { resolveSecret, shownRef } from './secrets.js';
export * from './types.js';
export { zoneOfWorkspace } from './zone.js';
export { type PathProblem, type YamlFile, type YamlPath, parseYaml } from './yaml.js';
