import type { Run, RunPhase } from '../../../contract/index.js';
import { failureRateBound } from '../../../domain/stats/index.js';
import type { Findings } from '../../findings.js';
import { change, count, milliseconds, perSecond, share } from '../../format.js';
import { resultPhases } from '../../judging/load-levels.js';
import { bad, good, plain, type Section, type Sentence, type Tile, warning } from '../../model.js';
import { hasUpperBound, percentileCell } from '../../percentile-cell.js';
import { loadOf, type RunBundle } from '../../run-bundle.js';

/** Changes of throughput below this are called no change. */
const FLAT = 0.05;

function outcome(phases: readonly RunPhase[]): Sentence[] {
  const known = phases.filter((phase) => phase.requests !== undefined);
  if (known.length === 0) return [];
  const requests = known.reduce((sum, phase) => sum + (phase.requests ?? 0), 0);
  const failed = known.reduce(
    (sum, phase) => sum + (phase.failed ?? Math.round((phase.requests ?? 0) * (1 - (phase.success_rate ?? 1)))),
    0,
  );
  const bound = share(failureRateBound(failed, requests));
  const text = `${count(requests)} requests in ${phases.length} ${phases.length === 1 ? 'phase' : 'phases'}, ${count(requests - failed)} answered rightly (${share(requests === 0 ? 0 : 1 - failed / requests)}). At 95 % confidence, and if requests fail independently of each other, up to ${bound} of all requests may fail.`;
  if (requests === 0) return [bad('Not a single request was answered.')];
  return [failed === 0 ? good(text) : bad(text)];
}

function latency(phases: readonly RunPhase[]): Sentence[] {
  const [first] = phases;
  const last = phases.at(-1);
  if (first === undefined || last === undefined || first === last) {
    return first === undefined || (first.p95_ms ?? null) === null
      ? []
      : [plain(`At ${loadOf(first)} the p95 response time is ${percentileCell(first, 'p95')} ms.`)];
  }
  const from = first.p95_ms ?? null;
  const to = last.p95_ms ?? null;
  if (from === null || to === null) return [];
  if (hasUpperBound(first, 'p95') === false || hasUpperBound(last, 'p95') === false) {
    const a = first.p50_ms ?? null;
    const b = last.p50_ms ?? null;
    if (a === null || b === null) return [];
    return [
      warning(
        `The median response time goes from ${milliseconds(a)} ms at ${loadOf(first)} to ${milliseconds(b)} ms at ${loadOf(last)} (${change(a, b)}); there are too few requests to say the same of p95.`,
      ),
    ];
  }
  return [
    plain(
      `The p95 response time goes from ${milliseconds(from)} ms at ${loadOf(first)} to ${milliseconds(to)} ms at ${loadOf(last)} (${change(from, to)}).`,
    ),
  ];
}

function throughput(phases: readonly RunPhase[]): Sentence[] {
  const known = phases.flatMap((phase) =>
    phase.throughput_per_s === undefined ? [] : [{ phase, rate: phase.throughput_per_s }],
  );
  const [first] = known;
  const last = known.at(-1);
  if (first === undefined || last === undefined) return [];
  const best = known.reduce((a, b) => (b.rate > a.rate ? b : a));
  const sentences = [
    plain(`The highest throughput is ${perSecond(best.rate)} right answers per second, at ${loadOf(best.phase)}.`),
  ];
  const before = known.at(-2);
  if (before !== undefined && before.rate > 0 && (last.phase.users ?? 0) > (before.phase.users ?? 0)) {
    const growth = last.rate / before.rate - 1;
    if (growth < FLAT) {
      sentences.push(
        warning(
          `From ${loadOf(before.phase)} to ${loadOf(last.phase)} throughput changes by ${change(before.rate, last.rate)} only: more load brings longer waits, not more answers.`,
        ),
      );
    }
  }
  return sentences;
}

function requirements(run: Run): Sentence[] {
  const all = run.requirements ?? [];
  if (all.length === 0) return [plain('No requirements were given, so there is nothing to pass or fail.')];
  const met = all.filter((requirement) => requirement.outcome === 'met').length;
  const text = `${met} of ${all.length} ${all.length === 1 ? 'requirement' : 'requirements'} met.`;
  return [met === all.length ? good(text) : bad(text)];
}

/** The figures to remember: the most it gave, p95 under the highest load, success over all, and what it is fit for. */
function tilesOf(phases: readonly RunPhase[], findings: Findings): Tile[] {
  const { readiness, verdict } = findings;
  const tiles: Tile[] = [];
  const best = phases.reduce<RunPhase | null>(
    (top, phase) => ((phase.throughput_per_s ?? 0) > (top?.throughput_per_s ?? 0) ? phase : top),
    null,
  );
  if (best?.throughput_per_s !== undefined) {
    tiles.push({
      label: 'Highest throughput',
      value: `${perSecond(best.throughput_per_s)}/s`,
      note: `right answers, at ${loadOf(best)}`,
    });
  }
  const top = findings.levels.at(-1) ?? phases.at(-1);
  if (top !== undefined && hasUpperBound(top, 'p95') !== false && (top.p95_ms ?? null) !== null) {
    tiles.push({
      label: `p95 at ${loadOf(top)}`,
      value: `${milliseconds(top.p95_ms ?? 0)} ms`,
      note: percentileCell(top, 'p95').replace(/^[^(]*/, ''),
    });
  }
  const known = phases.filter((phase) => phase.requests !== undefined && (phase.success_rate ?? null) !== null);
  const requests = known.reduce((sum, phase) => sum + (phase.requests ?? 0), 0);
  if (requests > 0) {
    const right = known.reduce((sum, phase) => sum + (phase.requests ?? 0) * (phase.success_rate ?? 0), 0);
    tiles.push({ label: 'Success', value: share(right / requests), note: `of ${count(requests)} requests` });
  }
  if (readiness !== null) {
    const fit = readiness.fitLevel === null ? 'none' : loadOf(readiness.fitLevel);
    tiles.push(
      verdict === 'INVALID'
        ? { label: 'Fit for', value: 'unknown', note: 'the run is INVALID' }
        : { label: 'Fit for up to', value: fit, note: `p95 within ${milliseconds(readiness.p95LimitMs)} ms` },
    );
  }
  return tiles;
}

/** The run in a few sentences. */
export function summarySection({ run }: RunBundle, findings: Findings): Section {
  const phases = resultPhases(run);
  const { verdict, verdictReasons: reasons } = findings;
  const judged: Sentence[] =
    verdict === 'INVALID'
      ? [bad('The run is INVALID: its figures cannot be trusted, whatever they say.'), ...reasons.map(bad)]
      : reasons.map(bad);
  if (run.interrupted === true) judged.push(warning('The run was ended by hand before its plan was done.'));
  if (run.aborted !== undefined) {
    judged.push(bad(`The run was ended in phase ${run.aborted.phase} by the rule ${run.aborted.rule}.`));
  }
  const tiles = tilesOf(phases, findings);
  // Loads of one kind can be compared; a rate and a number of users cannot.
  const compared = findings.levels.length > 1 ? findings.levels : phases.slice(0, 1);
  return {
    id: 'summary',
    title: 'Executive summary',
    blocks: [
      ...(tiles.length === 0 ? [] : [{ kind: 'tiles' as const, tiles }]),
      {
        kind: 'list',
        items: [...judged, ...outcome(phases), ...latency(compared), ...throughput(compared), ...requirements(run)],
      },
    ],
  };
}
