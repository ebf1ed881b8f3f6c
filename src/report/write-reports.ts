import { join } from 'node:path';
import type { Report } from './model.js';
import { renderCsv } from './render/render-csv.js';
import { renderHtml } from './render/render-html.js';
import { renderJson } from './render/render-json.js';
import { renderJunit } from './render/render-junit.js';
import { renderMarkdown } from './render/render-markdown.js';
import { writeText } from './render/write-text.js';

export const REPORT_FORMATS = ['html', 'md', 'json', 'junit', 'csv'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

const RENDERERS: Readonly<Record<ReportFormat, (report: Report) => string>> = {
  html: renderHtml,
  md: renderMarkdown,
  json: renderJson,
  junit: renderJunit,
  csv: renderCsv,
};

/** JUnit is what the file means, xml what it is. */
const FILE_NAMES: Readonly<Record<ReportFormat, string>> = {
  html: 'report.html',
  md: 'report.md',
  json: 'report.json',
  junit: 'report.junit.xml',
  csv: 'report.csv',
};

/** Writes the report in each format into the folder, each atomically; the paths written. Throws FLTS_CANNOT_WRITE. */
export async function writeReports(
  report: Report,
  folder: string,
  formats: readonly ReportFormat[],
): Promise<string[]> {
  const paths: string[] = [];
  for (const format of formats) {
    const path = join(folder, FILE_NAMES[format]);
    await writeText(path, RENDERERS[format](report));
    paths.push(path);
  }
  return paths;
}
