import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FltsError } from '../contract/index.js';
import type { Report } from './model.js';
import { renderHtml } from './render/render-html.js';
import { renderJson } from './render/render-json.js';
import { renderMarkdown } from './render/render-markdown.js';

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
    const temporary = `${path}.${process.pid}.tmp`;
    try {
      await writeFile(temporary, RENDERERS[format](report));
      await rename(temporary, path);
    } catch (cause) {
      await rm(temporary, { force: true });
      const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
      throw new FltsError('FLTS_CANNOT_WRITE', `${path} cannot be written: ${reason}.`, { cause });
    }
    paths.push(path);
  }
  return paths;
}
