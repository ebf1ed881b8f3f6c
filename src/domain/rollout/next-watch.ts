/** How the requests of one version ended, since it was loaded. */
export interface VersionFigures {
  readonly answered: number;
  /** Those that failed by the version's own doing: a failed run, a lost worker, a passed deadline. */
  readonly failed: number;
  /** Those whose forecast had a value that is not finite. */
  readonly notFinite: number;
  /** 95th percentile of the time to an answer, µs; 0 before the first. */
  readonly responseUsP95: number;
}

/** A new version beside the one that it replaced and that can still take over again. */
export interface WatchSnapshot {
  /** When the new one began to serve, and for how long it is watched, µs. */
  readonly sinceUs: number;
  readonly watchUs: number;
  readonly current: VersionFigures;
  readonly before: VersionFigures;
}

export type RollbackCause = 'errors' | 'non_finite' | 'latency';

export type Watch =
  | { readonly action: 'watch' }
  | { readonly action: 'trust' }
  | { readonly action: 'roll_back'; readonly cause: RollbackCause; readonly reason: string };

/** A share of bad ends that is this much above that of the version before is never taken for chance alone… */
const LEAST_EXCESS_SHARE = 0.01;
/** …when it is also this many bad ends more than expected, and three standard deviations of a Poisson count. */
const LEAST_EXCESS = 5;
const DEVIATIONS = 3;
/** Answers of each version before their times are compared, and what makes the new one too slow. */
const LEAST_ANSWERS = 50;
const SLOWER_FACTOR = 3;
const SLOWER_US = 50_000;

/**
 * Whether a version that has just begun to serve stays. Judged by three rules against the version before, in this
 * order: values that are not finite, failures, response time. Once the watch is over it is trusted, whatever comes.
 */
export function nextWatch(snapshot: WatchSnapshot, nowUs: number): Watch {
  const { current, before, sinceUs, watchUs } = snapshot;
  const notFinite = excess(current, before, 'notFinite');
  if (notFinite !== null) return rollBack('non_finite', `${notFinite} had values that are not finite`);
  const failed = excess(current, before, 'failed');
  if (failed !== null) return rollBack('errors', `${failed} failed`);
  if (isSlower(current.responseUsP95, before.responseUsP95) && hasAnswers(current) && hasAnswers(before)) {
    const [now, then] = [current.responseUsP95, before.responseUsP95].map((us) => `${Math.round(us / 1000)} ms`);
    return rollBack(
      'latency',
      `95 % of its answers came within ${now ?? ''}, those of the version before within ${then ?? ''}`,
    );
  }
  return { action: nowUs - sinceUs >= watchUs ? 'trust' : 'watch' };
}

/** What is wrong with the count, as the beginning of a sentence; null when chance explains it. */
function excess(current: VersionFigures, before: VersionFigures, kind: 'failed' | 'notFinite'): string | null {
  const requests = requestsOf(current);
  const earlier = requestsOf(before);
  const share = earlier === 0 ? 0 : before[kind] / earlier;
  const expected = requests * share;
  const count = current[kind];
  const isMore = count - expected >= LEAST_EXCESS + DEVIATIONS * Math.sqrt(expected);
  if (!isMore || count / requests - share < LEAST_EXCESS_SHARE) return null;
  return `${count} of its ${requests} requests (version before: ${before[kind]} of ${earlier})`;
}

function requestsOf({ answered, failed, notFinite }: VersionFigures): number {
  return answered + failed + notFinite;
}

function hasAnswers({ answered }: VersionFigures): boolean {
  return answered >= LEAST_ANSWERS;
}

function isSlower(currentUs: number, beforeUs: number): boolean {
  return currentUs >= SLOWER_FACTOR * beforeUs && currentUs - beforeUs >= SLOWER_US;
}

function rollBack(cause: RollbackCause, reason: string): Watch {
  return { action: 'roll_back', cause, reason };
}
