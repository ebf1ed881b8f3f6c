import type { Check, Report } from '../model.js';
import { escapeXml } from './escape-markup.js';

function testcase(check: Check): string {
  const head = `<testcase classname="flts.${check.group}" name="${escapeXml(check.name)}"`;
  if (check.outcome === 'passed') return `    ${head}/>`;
  const tag =
    check.outcome === 'failed'
      ? `<failure type="${check.group}" message="${escapeXml(check.message)}"/>`
      : `<skipped message="${escapeXml(check.message)}"/>`;
  return `    ${head}>\n      ${tag}\n    </testcase>`;
}

/** Validity and requirements as JUnit test cases, as CI systems read them; undecided ones are skipped. */
export function renderJunit(report: Report): string {
  const suites = (['validity', 'requirements'] as const).map((group) => {
    const checks = report.checks.filter((check) => check.group === group);
    const of = (outcome: Check['outcome']): number => checks.filter((check) => check.outcome === outcome).length;
    const counts = `tests="${checks.length}" failures="${of('failed')}" errors="0" skipped="${of('undecided')}"`;
    return [`  <testsuite name="${group}" ${counts}>`, ...checks.map(testcase), '  </testsuite>'].join('\n');
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="${escapeXml(report.title)}">\n${suites.join('\n')}\n</testsuites>\n`;
}
