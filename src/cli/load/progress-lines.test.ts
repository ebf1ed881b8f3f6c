import { describe, expect, it } from 'vitest';
import type { LoadProgress } from '../../loadtest/index.js';
import { Terminal } from '../terminal.js';
import { LoadProgressLines, progressRecord } from './progress-lines.js';

const state: LoadProgress = {
  ...{ step: 'running', phase: 'a', index: 0, phases: 2, users: 5, wantedPerS: null, elapsedS: 3, durationS: 6 },
  ...{ requests: 1_000, failed: 0, ratePerS: 333, p50Ms: 1.5, p95Ms: 2.5, p99Ms: 12.4, lagMsP50: 0.1 },
  ...{ serverQueue: null, serverBatch: null, invalidReasons: [] },
};

/** What a terminal of that width shows, line by line. */
function shown(columns: number, states: readonly LoadProgress[]): string[] {
  let text = '';
  const stream = { isTTY: true, columns, write: (part: string) => (text += part) !== '' } as never;
  const lines = new LoadProgressLines(new Terminal(stream, stream, { NO_COLOR: '1' }));
  for (const one of states) lines.show(one);
  lines.end();
  return text.split(/\r\x1b\[2K|\n/).filter((line) => line !== '');
}

describe('the view of a run', () => {
  it.each([80, 120])('shows verdict so far, rate and percentiles in %i columns', (columns) => {
    const [, line = ''] = shown(columns, [state]);
    expect(line).toContain('VALID so far  333/s p50 1.50 p95 2.50 p99 12');
    expect(line.length).toBeLessThan(columns);
  });

  it('names each reason against the run once, when its phase is over', () => {
    const doubtful = { ...state, invalidReasons: ['Phase a: late.'] };
    const lines = shown(120, [doubtful, { ...doubtful, phase: 'b', index: 1 }]);
    expect(lines.filter((line) => line.includes('INVALID so far: Phase a: late.'))).toHaveLength(1);
    expect(lines.some((line) => line.includes('INVALID so far  333/s'))).toBe(true);
  });

  it('says the same to machines', () => {
    expect(progressRecord(state)).toMatchObject({ valid_so_far: true, invalid_reasons: [] });
    expect(progressRecord({ ...state, invalidReasons: ['x'] })).toMatchObject({
      valid_so_far: false,
      invalid_reasons: ['x'],
    });
  });
});
