import { join } from 'node:path';
import type { Report } from './model.js';
import { renderHtml } from './render/render-html.js';
import { renderJson } from './render/render-json.js';
import { renderMarkdown } from './render/render-markdown.js';
import { writeText } from './write-text.js';

export const REPORT_FORMATS = ['html', 'md', 'json'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

const RENDERERS: Readonly<Record<ReportFormat, (report: Report) => string>> = {
  html: renderHtml,
  md: renderMarkdown,
  json: renderJson,
};

/** Writes `report.<format>` into the folder, each atomically; the paths written. Throws FLTS_CANNOT_WRITE. */
export async function writeReports(
  report: Report,
  folder: string,
  formats: readonly ReportFormat[],
): Promise<string[]> {
  const paths: string[] = [];
  for (const format of formats) {
    const path = join(folder, `report.${format}`);
    await writeText(path, RENDERERS[format](report));
    paths.push(path);
  }
  return paths;
}
