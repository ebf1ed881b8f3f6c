import { PERCENTILES, type PercentileName, type Run, type RunPhase } from '../../contract/index.js';
import type { Figure } from '../model.js';
import { hasUpperBound } from '../percentile-cell.js';
import { measuredPhases } from '../run-bundle.js';

type Unit = Figure['unit'];

const PLAIN: readonly (readonly [figure: string, unit: Unit, read: (phase: RunPhase) => number | null | undefined])[] =
  [
    ['users', 'count', (phase) => phase.users],
    ['rate', 'per_second', (phase) => phase.rate],
    ['duration', 's', (phase) => phase.duration_s],
    ['requests', 'count', (phase) => phase.requests],
    ['succeeded', 'count', (phase) => phase.succeeded],
    ['failed', 'count', (phase) => phase.failed],
    ['throughput', 'per_second', (phase) => phase.throughput_per_s],
    ['min', 'ms', (phase) => phase.min_ms],
    ['mean', 'ms', (phase) => phase.mean_ms],
    ['max', 'ms', (phase) => phase.max_ms],
    ['sent', 'bytes', (phase) => phase.bytes_out],
    ['received', 'bytes', (phase) => phase.bytes_in],
  ];

function percentilesOf(phase: RunPhase): Figure[] {
  return (Object.keys(PERCENTILES) as PercentileName[]).flatMap((name) => {
    const value = phase[`${name}_ms`] ?? null;
    // Without an upper bound the number says nothing: it is left out, as it is left out of every table.
    if (value === null || hasUpperBound(phase, name) === false) return [];
    const entry = phase.percentiles?.[name];
    const [lower, upper] = [entry?.lower_ms ?? null, entry?.upper_ms ?? null];
    return [{ phase: phase.name, figure: name, unit: 'ms' as const, value, lower, upper }];
  });
}

/** The figures of every measured phase as numbers. */
export function figuresOf(run: Run): Figure[] {
  return measuredPhases(run).flatMap((phase) => {
    const plain = PLAIN.flatMap(([figure, unit, read]) => {
      const value = read(phase) ?? null;
      return value === null ? [] : [{ phase: phase.name, figure, unit, value, lower: null, upper: null }];
    });
    const success = phase.success_rate ?? null;
    const bound = phase.failure_rate_bound ?? null;
    return [
      ...plain,
      ...(success === null
        ? []
        : [
            {
              phase: phase.name,
              figure: 'success',
              unit: 'share' as const,
              value: success,
              lower: bound === null ? null : 1 - bound,
              upper: null,
            },
          ]),
      ...percentilesOf(phase),
    ];
  });
}
