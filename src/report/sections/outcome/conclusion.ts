import type { Findings } from '../../findings.js';
import { count, perSecond } from '../../format.js';
import { bad, good, plain, type Section, type Sentence, warning } from '../../model.js';
import { loadOf, type RunBundle } from '../../run-bundle.js';

const VERDICTS: Record<Findings['verdict'], Sentence> = {
  PASSED: good('PASSED: every requirement was met, and the instrument can be trusted.'),
  VALID: plain('VALID: the instrument can be trusted; nothing was required, so nothing was passed.'),
  FAILED: bad('FAILED: at least one requirement was not met; the instrument can be trusted.'),
  INVALID: bad('INVALID: the instrument cannot be trusted here, so the run decides nothing.'),
  'NOT JUDGED': warning('NOT JUDGED: the bundle brings figures, but nothing that says how they were measured.'),
};

function carried({ readiness, verdict }: Findings): Sentence[] {
  if (readiness === null || verdict === 'INVALID') return [];
  const { fitLevel } = readiness;
  return [
    fitLevel === null
      ? bad('No measured load is fit for use by its p95 and success rate.')
      : plain(`It is fit for up to ${loadOf(fitLevel)} as measured.`),
  ];
}

function ceiling({ scaling, levels }: Findings): Sentence[] {
  const best = levels.reduce((top, level) => Math.max(top, level.throughput_per_s ?? 0), 0);
  const model = scaling?.model ?? null;
  if (best === 0) return [];
  const law =
    model?.ceilingPerS === undefined || model.ceilingPerS === null
      ? ''
      : `; the scalability law sees its ceiling at ${perSecond(model.ceilingPerS.value)} (${perSecond(model.ceilingPerS.lower)}–${Number.isFinite(model.ceilingPerS.upper) ? perSecond(model.ceilingPerS.upper) : 'open'})`;
  return [plain(`The most it gave was ${perSecond(best)} right answers per second${law}.`)];
}

/** The run in its last words; everything in it stands above with its evidence. */
export function conclusionSection({ run }: RunBundle, findings: Findings): Section {
  const met = (run.requirements ?? []).filter(({ outcome }) => outcome === 'met').length;
  const all = (run.requirements ?? []).length;
  return {
    id: 'conclusion',
    title: 'Conclusion',
    blocks: [
      {
        kind: 'list',
        items: [
          VERDICTS[findings.verdict],
          ...(all === 0 ? [] : [plain(`${count(met)} of ${count(all)} requirements met.`)]),
          ...carried(findings),
          ...ceiling(findings),
        ],
      },
    ],
  };
}
