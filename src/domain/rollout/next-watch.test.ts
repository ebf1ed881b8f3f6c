import { describe, expect, it } from 'vitest';
import { nextWatch, type VersionFigures } from './next-watch.js';

const good: VersionFigures = { answered: 1000, failed: 0, notFinite: 0, responseUsP95: 10_000 };
const none: VersionFigures = { answered: 0, failed: 0, notFinite: 0, responseUsP95: 0 };

function watch(
  current: Partial<VersionFigures>,
  before: VersionFigures = good,
  nowUs = 1,
): ReturnType<typeof nextWatch> {
  return nextWatch({ sinceUs: 0, watchUs: 60e6, current: { ...none, ...current }, before }, nowUs);
}

describe('a new version', () => {
  it.each<[string, Partial<VersionFigures>, VersionFigures, string]>([
    ['with nothing to judge', {}, none, 'watch'],
    ['that answers well', { answered: 500, responseUsP95: 12_000 }, good, 'watch'],
    ['with four failures', { failed: 4 }, good, 'watch'],
    ['with five failures and nothing else', { failed: 5 }, good, 'errors'],
    ['with five failures in more than 500', { answered: 600, failed: 5 }, good, 'watch'],
    ['that is the first', { failed: 5 }, none, 'errors'],
    [
      'that fails as often as the one before',
      { answered: 900, failed: 100 },
      { ...good, answered: 900, failed: 100 },
      'watch',
    ],
    ['that fails twice as often', { answered: 800, failed: 200 }, { ...good, answered: 900, failed: 100 }, 'errors'],
    ['with values that are not finite', { answered: 100, notFinite: 5 }, good, 'non_finite'],
    [
      'whose clients send what makes any version not finite',
      { answered: 95, notFinite: 5 },
      { ...good, answered: 950, notFinite: 50 },
      'watch',
    ],
    ['that is three times as slow, by milliseconds', { answered: 500, responseUsP95: 40_000 }, good, 'watch'],
    ['that is slow', { answered: 50, responseUsP95: 60_000 }, good, 'latency'],
    ['that is slow in few answers', { answered: 49, responseUsP95: 60_000 }, good, 'watch'],
    [
      'that is slow beside one that hardly answered',
      { answered: 500, responseUsP95: 60_000 },
      { ...good, answered: 49 },
      'watch',
    ],
    ['that is slower by half', { answered: 500, responseUsP95: 300_000 }, { ...good, responseUsP95: 200_000 }, 'watch'],
  ])('%s', (_name, current, before, expected) => {
    const next = watch(current, before);
    expect(next.action === 'roll_back' ? next.cause : next.action).toBe(expected);
  });

  it('is trusted once the watch is over', () => {
    expect(watch({}, good, 60e6 - 1)).toEqual({ action: 'watch' });
    expect(watch({}, good, 60e6)).toEqual({ action: 'trust' });
  });

  it('is not trusted though the watch is over, when it is bad', () => {
    expect(watch({ failed: 50 }, good, 61e6)).toMatchObject({ action: 'roll_back' });
  });

  it('is told why it goes, with the figures', () => {
    expect(watch({ answered: 2, notFinite: 6 })).toMatchObject({
      reason: '6 of its 8 requests (version before: 0 of 1000) had values that are not finite',
    });
    expect(watch({ answered: 100, responseUsP95: 90_000 })).toMatchObject({
      reason: '95 % of its answers came within 90 ms, those of the version before within 10 ms',
    });
  });
});
