import type { Report } from '../model.js';

/** A field as RFC 4180 wants it. */
function field(value: string | number | null): string {
  const text = value === null ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The figures of every phase, one a line: phase, figure, unit, value and the ends of its 95 % interval. */
export function renderCsv(report: Report): string {
  const rows = report.figures.map(({ phase, figure, unit, value, lower, upper }) =>
    [phase, figure, unit, value, lower, upper].map(field).join(','),
  );
  return ['phase,figure,unit,value,lower,upper', ...rows].map((row) => `${row}\r\n`).join('');
}
