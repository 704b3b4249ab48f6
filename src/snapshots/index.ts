export { openCatalog, type Catalog, type ResolveFilter } from './catalog.js';
export { compareLinks, compareObjects, type CompareOptions } from './compare.js';
export { createSnapshot, type CreateSnapshotDeps, type CreateSnapshotRequest } from './create.js';
export { exportCsv, type ExportCsvOptions } from './export-csv.js';
export { openSnapshot, type OpenSnapshotOptions } from './open.js';
export * from './types.js';
