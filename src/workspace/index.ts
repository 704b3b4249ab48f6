export * from './environment.js';
export { findWorkspace, loadWorkspace, readYamlText } from './load.js';
export { durationSchema, secretRefSchema, workspaceSchema } from './schema.js';
export { resolveSecret } from './secrets.js';
export * from './types.js';
export { type PathProblem, type YamlFile, type YamlPath, parseYaml } from './yaml.js';
