import { expect, it } from 'vitest';
import { nextVersionState, type VersionEvent, type VersionState } from './version-state.js';

const WAY: readonly VersionEvent[] = [
  'fetched',
  'has_room',
  'digest_checked',
  'loaded',
  'warmed',
  'golden_replayed',
  'switched',
  'replaced',
  'drained',
  'released',
];

/** The states along the way, from the first. */
function statesOf(events: readonly VersionEvent[]): VersionState[] {
  const states: VersionState[] = ['fetching'];
  for (const event of events) states.push(nextVersionState(states.at(-1)!, event));
  return states;
}

it('goes through every state in order', () => {
  expect(statesOf(WAY)).toEqual(
    'fetching fetched admitted checked loaded warmed verified serving draining standby released'.split(' '),
  );
});

it('fails from every step before it serves, and from none after', () => {
  statesOf(WAY).forEach((state, step) => {
    if (step < 7) expect(nextVersionState(state, 'failed')).toBe('failed');
    else expect(() => nextVersionState(state, 'failed')).toThrow(RangeError);
  });
});

it('serves again while it drains or stands by', () => {
  expect(nextVersionState('draining', 'switched')).toBe('serving');
  expect(nextVersionState('standby', 'switched')).toBe('serving');
});

it('never skips a step', () => {
  statesOf(WAY).forEach((state, at) => {
    for (const event of WAY.slice(at + 1)) {
      if (event === 'switched' && (state === 'draining' || state === 'standby')) continue;
      expect(() => nextVersionState(state, event), `${state} ${event}`).toThrow(RangeError);
    }
  });
  for (const event of [...WAY, 'failed'] as const) {
    expect(() => nextVersionState('released', event)).toThrow(RangeError);
    expect(() => nextVersionState('failed', event)).toThrow(RangeError);
  }
});
