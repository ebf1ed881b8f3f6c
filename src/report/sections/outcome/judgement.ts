import type { Run, RunRequirement } from '../../../contract/index.js';
import { count, decimal, milliseconds, perSecond, share } from '../../format.js';
import { figureText } from '../../figure-text.js';
import { bad, type Block, figureTable, good, plain, type Section, type Sentence, warning } from '../../model.js';
import { resultPhases } from '../../judging/load-levels.js';
import { measuredPhases, type RunBundle } from '../../run-bundle.js';
import { isLocal } from '../../judging/target-place.js';

/** How far the figure is from the limit, in its own unit and as a factor. */
function gap(requirement: RunRequirement): string {
  const { actual, limit, op, figure } = requirement;
  if (actual === null) return '–';
  const bounded = op.startsWith('<');
  const distance = figureText(figure, Math.abs(limit - actual));
  if (requirement.outcome === 'not_met' && (bounded ? actual >= limit : actual <= limit)) {
    const factor = bounded ? actual / limit : limit / actual;
    return `${distance} ${bounded ? 'too much' : 'missing'}${Number.isFinite(factor) ? ` (× ${decimal(factor, factor < 10 ? 2 : 0)})` : ''}`;
  }
  return `${distance} to spare`;
}

function isMissing(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

const OUTCOMES = { met: 'met', not_met: 'NOT MET', undecided: 'undecided' } as const;

/** Requirements against results; null without requirements. */
export function requirementsSection(run: Run): Section | null {
  const requirements = run.requirements ?? [];
  if (requirements.length === 0) return null;
  const notes = requirements.flatMap(({ expression, note, outcome }) =>
    note === null ? [] : [outcome === 'not_met' ? bad(`${expression}: ${note}.`) : warning(`${expression}: ${note}.`)],
  );
  return {
    id: 'requirements',
    title: 'Requirements against results',
    lead: 'What was asked of the service, what it gave, and how far one is from the other.',
    blocks: [
      figureTable(
        ['Requirement', 'Phase', 'Required', 'Measured', 'Gap', 'Outcome'],
        requirements.map((requirement) => [
          requirement.expression,
          requirement.phase ?? 'whole run',
          `${requirement.op} ${figureText(requirement.figure, requirement.limit)}`,
          requirement.actual === null ? '–' : figureText(requirement.figure, requirement.actual),
          gap(requirement),
          OUTCOMES[requirement.outcome],
        ]),
        'A requirement without a phase must hold in every measured phase; the worst one is shown.',
      ),
      ...(notes.length === 0 ? [] : [{ kind: 'list' as const, items: notes }]),
    ],
  };
}

function checksTable(run: Run): Block | null {
  const phases = resultPhases(run).filter((phase) => phase.generators !== undefined);
  if (phases.length === 0) return null;
  return figureTable(
    ['Phase', 'Busiest generator', 'Lag p50 / p99 ms', "Users by Little's law", 'Generator CPU s'],
    phases.map((phase) => [
      phase.name,
      share(Math.max(0, ...(phase.generators ?? []).map((generator) => generator.elu))),
      isMissing(phase.lag_ms) ? '–' : `${milliseconds(phase.lag_ms.p50)} / ${milliseconds(phase.lag_ms.p99)}`,
      isMissing(phase.littles_law)
        ? '–'
        : `${decimal(phase.littles_law.measured, 1)} of ${decimal(phase.littles_law.expected, 1)}`,
      decimal(
        (phase.generators ?? []).reduce((sum, generator) => sum + generator.cpu_s, 0),
        1,
      ),
    ]),
    null,
  );
}

function floorTable(run: Run): Block | null {
  const levels = run.instrument?.levels ?? [];
  if (levels.length === 0) return null;
  const ms = (value: number | null): string => (value === null ? '–' : milliseconds(value));
  return figureTable(
    ['Load', 'Requests', 'req/s', 'p50 ms', 'p95 ms', 'p99 ms'],
    levels.map((level) => [
      level.users === undefined ? `${perSecond(level.rate ?? 0)}/s` : `${count(level.users)} users`,
      count(level.requests),
      perSecond(level.throughput_per_s),
      ms(level.p50_ms),
      ms(level.p95_ms),
      ms(level.p99_ms),
    ]),
    `The floor of the instrument: ${run.instrument?.url ?? ''}, a route that does nothing, at the same numbers of users, before the run. No service can look faster than this here.`,
  );
}

/** Whether the instrument can be trusted, with its own figures; null where the bundle says nothing of it. */
export function validitySection(run: Run): Section | null {
  const { validity } = run;
  const sentences: Sentence[] = [];
  if (validity !== undefined) {
    sentences.push(
      validity.valid ? good('The run is VALID: every check of the instrument holds.') : bad('The run is INVALID.'),
    );
    sentences.push(...validity.reasons.map(bad), ...validity.warnings.map(warning));
  }
  const blocks: Block[] = sentences.length === 0 ? [] : [{ kind: 'list', items: sentences }];
  for (const table of [checksTable(run), floorTable(run)]) if (table !== null) blocks.push(table);
  return blocks.length === 0
    ? null
    : {
        id: 'validity',
        title: 'Can these figures be trusted?',
        lead: 'Whether the instrument kept up, so that the figures tell of the service and not of the load generator.',
        blocks,
      };
}

/** What a reader must not conclude from this run. */
export function limitsSection(bundle: RunBundle): Section {
  const { run } = bundle;
  const phases = measuredPhases(run);
  const items: Sentence[] = [];
  if (phases.some((phase) => phase.users !== undefined)) {
    items.push(
      plain(
        'Closed users wait for their answers before they ask again: what would have queued at a fixed arrival rate was not measured.',
      ),
    );
  }
  const longest = Math.max(0, ...phases.map((phase) => phase.duration_s ?? 0));
  if (longest > 0) {
    items.push(
      plain(`The longest phase lasted ${decimal(longest, 1)} s: leaks and slow drift beyond that were not measured.`),
    );
  }
  const top = Math.max(0, ...phases.map((phase) => phase.users ?? 0));
  if (top > 0) items.push(plain(`More than ${count(top)} users were not measured.`));
  if (isMissing(run.uptime))
    items.push(plain('Uptime was not measured: the target has no readiness route, or nobody asked it.'));
  else
    items.push(
      plain(
        `Uptime: ${share(run.uptime)} of ${count(run.readiness_probes ?? 0)} readiness probes, one a second, were answered 200.`,
      ),
    );
  if (!bundle.server.some((sample) => sample.stats !== null)) {
    items.push(plain("The service's CPU, memory and queue were not measured: the bundle holds no server metrics."));
  }
  if (run.machine !== undefined && isLocal(run)) {
    items.push(
      plain(
        'Generator and service shared one machine: each took CPU time from the other, and no network lay between them.',
      ),
    );
  }
  if (run.samples !== undefined && run.samples.kept < run.samples.of) {
    items.push(
      plain(
        `Samples of ${count(run.samples.kept)} of ${count(run.samples.of)} requests were kept; figures and distributions rest on all of them.`,
      ),
    );
  }
  items.push(...bundle.gaps.map(plain));
  return {
    id: 'limits',
    title: 'What was not measured',
    lead: 'What nobody may conclude from this run.',
    blocks: [{ kind: 'list', items }],
  };
}
