import { describe, expect, it } from 'vitest';
import { evaluateRequirement, parseRequirement, type PhaseFigures, type Requirement } from './requirement.js';

function requirement(text: string): Requirement {
  const parsed = parseRequirement(text);
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
}

describe('parseRequirement', () => {
  it.each([
    ['p95@100<2000ms', { figure: 'p95', phase: '100', op: '<', limit: 2_000 }],
    ['p95 @ 100 <= 2s', { figure: 'p95', phase: '100', op: '<=', limit: 2_000 }],
    ['p99<250', { figure: 'p99', phase: null, op: '<', limit: 250 }],
    ['success>=99.9%', { figure: 'success', op: '>=', limit: 0.999 }],
    ['success>=0.5', { figure: 'success', limit: 0.5 }],
    ['throughput>=100/s', { figure: 'throughput', op: '>=', limit: 100 }],
    ['throughput>120/min', { figure: 'throughput', limit: 2 }],
    ['p99.9@ramp-up<500us', { figure: 'p99.9', phase: 'ramp-up', limit: 0.5 }],
    ['failed<=0', { figure: 'failed', limit: 0 }],
    ['uptime>=99.9%', { figure: 'uptime', phase: null, limit: 0.999 }],
  ])('reads %s', (text, expected) => {
    const read = requirement(text);
    expect(read).toMatchObject({ ...expected, limit: expect.closeTo(expected.limit, 9) as number });
  });

  it.each([
    ['p95', 'cannot be read'],
    ['p95==3ms', 'cannot be read'],
    ['p95@<3ms', 'cannot be read'],
    ['p97<3ms', 'names the figure "p97"'],
    ['p95<fast', 'no number after <'],
    ['p95<3%', 'has the unit "%"; p95 is given in ms, us, µs, s, min'],
    ['failed<3ms', 'without a unit'],
    ['success>=99.9', 'write a percentage, such as success>=99.9%'],
    ['throughput>=-1/s', 'below zero'],
    ['uptime@100>=99%', 'over the whole run'],
    ['constructor<3', 'names the figure "constructor"'],
  ])('refuses %s', (text, problem) => {
    expect(parseRequirement(text)).toContain(problem);
  });
});

describe('evaluateRequirement', () => {
  const phase = (name: string, p95: number, upper: number | null, successRate = 1): PhaseFigures => ({
    name,
    values: { p95, throughput: 50, success: successRate },
    intervals: { p95: { lower: p95 - 5, upper } },
    successRate,
  });

  it('is met, not met or undecided', () => {
    const limit = requirement('p95<100ms');
    expect(evaluateRequirement(limit, [phase('10', 90, 95)], null)).toMatchObject({
      outcome: 'met',
      note: null,
      actual: 90,
    });
    expect(evaluateRequirement(limit, [phase('10', 100, 120)], null)).toMatchObject({ outcome: 'not_met' });
    expect(evaluateRequirement(limit, [phase('10', 90, null)], null)).toMatchObject({ outcome: 'undecided' });
    expect(evaluateRequirement(limit, [phase('10', 90, 110)], null)).toMatchObject({
      outcome: 'met',
      note: 'its interval reaches beyond the limit',
    });
  });

  it('lets the worst phase decide where none is named', () => {
    const phases = [phase('10', 50, 55), phase('50', 150, 160), phase('100', 120, 130)];
    expect(evaluateRequirement(requirement('p95<100ms'), phases, null)).toMatchObject({ phase: '50', actual: 150 });
    expect(evaluateRequirement(requirement('p95@10<100ms'), phases, null)).toMatchObject({
      phase: '10',
      outcome: 'met',
    });
  });

  it('does not call a percentile met over answers alone when too many requests failed', () => {
    expect(evaluateRequirement(requirement('p95<100ms'), [phase('10', 90, 95, 0.94)], null)).toMatchObject({
      outcome: 'not_met',
      note: '6.00 % of the requests failed',
    });
    expect(evaluateRequirement(requirement('p95<100ms'), [phase('10', 90, 95, 0.96)], null).outcome).toBe('met');
  });

  it('does not let a missing phase or figure pass', () => {
    expect(evaluateRequirement(requirement('p95@7<1s'), [phase('10', 1, 2)], null)).toMatchObject({
      outcome: 'not_met',
      note: 'phase 7 was not measured',
    });
    expect(evaluateRequirement(requirement('p99<1s'), [phase('10', 1, 2)], null).outcome).toBe('not_met');
    expect(evaluateRequirement(requirement('uptime>=99%'), [], null).outcome).toBe('not_met');
    expect(evaluateRequirement(requirement('uptime>=99%'), [], 0.995).outcome).toBe('met');
  });
});
