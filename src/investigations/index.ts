export { findGroups } from './groups/find-groups.js';
export * from './types.js';
