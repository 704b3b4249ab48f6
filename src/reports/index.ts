export { gatherReport, type ReportDeps } from './gather/gather.js';
export { headlineLines } from './incident/headline.js';
export { withoutPersonalData } from './incident/personal.js';
export { reportHtml, reportMarkdown } from './incident/report.js';
export { vendorCase } from './incident/vendor-case.js';
export type { ReportData } from './types.js';
