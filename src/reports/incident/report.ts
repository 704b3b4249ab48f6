import { documentHtml, documentMarkdown, type TextDocument } from '../../document/index.js';
import type { ReportData } from '../types.js';
import { reportDocument } from './content.js';
import { withoutPersonalData } from './personal.js';

/** `personal`: with values of records and addresses. */
interface Shown {
  readonly personal: boolean;
}

/** The report as one HTML file. The same content and order as {@link reportMarkdown}. */
export function reportHtml(data: ReportData, shown: Shown): string {
  return documentHtml(documentOf(data, shown));
}

export function reportMarkdown(data: ReportData, shown: Shown): string {
  return documentMarkdown(documentOf(data, shown));
}

function documentOf(data: ReportData, { personal }: Shown): TextDocument {
  return reportDocument(personal ? data : withoutPersonalData(data));
}
