export { gatherReport, type ReportDeps } from './gather/gather.js';
export { headlineLines } from './incident/headline.js';
export { withoutPersonalData } from './incident/personal.js';
export { reportHtml, reportMarkdown } from './incident/report.js';
export { groupsOfPlan } from './plan/groups.js';
export { planHtml, planMarkdown, type PlanPage } from './plan/page.js';
export { PLAN_COLUMNS, placeholders, planRows } from './plan/table.js';
export { vendorCase } from './incident/vendor-case.js';
export type { ReportData } from './types.js';
