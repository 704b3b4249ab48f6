export * from './environment.js';
export { findWorkspace, loadWorkspace } from './load.js';
export { durationSchema, workspaceSchema } from './schema.js';
export { resolveSecret } from './secrets.js';
export * from './types.js';
export { type PathProblem, type YamlPath, parseYaml } from './yaml.js';
