import type { Run, RunPhase } from '../../../contract/index.js';
import { milliseconds, share } from '../../format.js';
import { resultPhases } from '../../judging/load-levels.js';
import { figureTable, type Section } from '../../model.js';
import { phaseTitle } from '../../run-bundle.js';

/** Mean of the server's own timing parts; null where answers carried none. */
export function timingSection(run: Run): Section | null {
  const phases = resultPhases(run).filter((phase) => Object.keys(phase.server_timing_ms_mean ?? {}).length > 0);
  if (phases.length === 0) return null;
  const parts = [...new Set(phases.flatMap((phase) => Object.keys(phase.server_timing_ms_mean ?? {})))];
  const part = (phase: RunPhase, name: string): string => {
    const value = phase.server_timing_ms_mean?.[name];
    const total = phase.server_timing_ms_mean?.['total'];
    if (value === undefined) return '–';
    return name === 'total' || !total ? milliseconds(value) : `${milliseconds(value)} (${share(value / total)})`;
  };
  const outside = (phase: RunPhase): string => {
    const total = phase.server_timing_ms_mean?.['total'];
    const mean = phase.mean_ms ?? null;
    return total === undefined || mean === null ? '–' : milliseconds(Math.max(0, mean - total));
  };
  return {
    id: 'timing',
    title: 'Where the time goes, on average',
    blocks: [
      figureTable(
        ['Part, ms', ...phases.map(phaseTitle)],
        [
          ...parts.map((name) => [name, ...phases.map((phase) => part(phase, name))]),
          ['outside the server', ...phases.map(outside)],
        ],
        'Means of the Server-Timing header of right answers, in brackets their share of the total. "Outside" is client, network and whatever waits before the server takes a request up.',
      ),
    ],
  };
}
