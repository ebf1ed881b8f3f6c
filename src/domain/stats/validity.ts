import type { LittlesLaw } from './littles-law.js';

/** Above this share of its time busy, a generator delays what it measures. */
export const GENERATOR_ELU_MAX = 0.8;
/** The median lag may be at most this share of the median response time. */
const LAG_SHARE_MAX = 0.25;
/** The mean wait for a processor may be less: where it is so long, the tail's waits are as long as the answers. */
const CPU_WAIT_SHARE_MAX = 0.15;
/** Share of the time that a generator may wait for a processor at all. */
const CPU_WAIT_TIME_MAX = 0.35;
/** Machines that generator and service share make a generator wait this long at every turn. */
const CPU_WAIT_MS_MIN = 0.5;
/** What a generator may itself add to a response time: this share of its percentile, and in any case so much. */
const OWN_DELAY_MAX = { 95: { share: 0.3, ms: 2 }, 99: { share: 0.45, ms: 3 } } as const;
/** Up to this is what waking up takes; beside answers of a millisecond it is reported, not judged. */
const LAG_MS_MIN = 0.5;
/** Open arrivals: at least this share of what was due must have been sent in time. */
const ACHIEVED_MIN = 0.98;
/** A percentile that the generator's own lag moves by more than both of these is unsupported. */
const LAG_SHIFT_MS = 2;
const LAG_SHIFT_SHARE = 0.1;

/**
 * Whether the generator's lag carries a percentile: `withMs` is the percentile of response time, `withoutMs` the same
 * percentile after each request's own lag was subtracted; more than max(2 ms, 10 %) apart is unsupported.
 */
export function lagUnsupported(withMs: number, withoutMs: number): boolean {
  return withMs - withoutMs > Math.max(LAG_SHIFT_MS, LAG_SHIFT_SHARE * withMs);
}

export interface OwnDelayEvidence {
  readonly percentile: 95 | 99;
  /** Of the worst generator, by lag and by waits for a processor before it could read the answer; 0 where not known. */
  readonly generatorMs: number;
  readonly responseMs: number;
}

/** What one measured phase says about the instrument. */
export interface PhaseEvidence {
  readonly name: string;
  readonly users: number;
  readonly requests: number;
  /** Largest event-loop utilisation (0..1) of any generator over the phase. */
  readonly generatorElu: number;
  /** Longest mean wait of any generator for a processor, each time it had something to do; 0 where nothing is known. */
  readonly generatorCpuWaitMs: number;
  /** Largest share (0..1) of the phase in which a generator waited for a processor; 0 where nothing is known. */
  readonly generatorCpuWaitShare: number;
  /** Percentiles of what generators themselves added to response times, and of the response times. */
  readonly ownDelays: readonly OwnDelayEvidence[];
  /** Median of sent − intended − connection wait, and of done − intended; null without requests. */
  readonly lagMsP50: number | null;
  readonly responseMsP50: number | null;
  /** Null where users have a fixed number of requests: there the law says nothing. */
  readonly littlesLaw: LittlesLaw | null;
  /** Generators that died during the phase, as sentences. */
  readonly generatorsLost: readonly string[];
  /** Open arrivals: share of what was due that was sent in time (0..1), and what was given up; null for closed users. */
  readonly achievedShare: number | null;
  readonly dropped: number;
  /** Why a phase that must be steady was not; null when it was, or need not be. */
  readonly unsteady: string | null;
}

export interface RunEvidence {
  readonly phases: readonly PhaseEvidence[];
  /** Restarts of the server that nobody asked for, as sentences. */
  readonly restarts: readonly string[];
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** Every reason why the phase's figures cannot be trusted; empty when they can. */
export function phaseInvalidReasons(phase: PhaseEvidence): string[] {
  const reasons = phase.generatorsLost.map((text) => `Phase ${phase.name}: ${text}`);
  if (phase.requests === 0) reasons.push(`Phase ${phase.name}: not a single request was sent and answered.`);
  else if (phase.responseMsP50 === null) {
    reasons.push(
      `Phase ${phase.name}: none of its ${phase.requests} requests was answered rightly: there is nothing to time.`,
    );
  }
  if (phase.generatorElu > GENERATOR_ELU_MAX) {
    reasons.push(
      `Phase ${phase.name}: a generator was busy ${percent(phase.generatorElu)} of the time (at most ${percent(GENERATOR_ELU_MAX)}); use more generator processes or another machine.`,
    );
  }
  const { lagMsP50, responseMsP50, generatorCpuWaitMs } = phase;
  // A generator that is behind makes the response times long that its wait is held against: the share gives it away.
  if (phase.generatorCpuWaitShare > CPU_WAIT_TIME_MAX) {
    reasons.push(
      `Phase ${phase.name}: a generator waited for a processor ${percent(phase.generatorCpuWaitShare)} of the time (at most ${percent(CPU_WAIT_TIME_MAX)}); give it processors of its own, or another machine.`,
    );
  }
  if (responseMsP50 !== null && generatorCpuWaitMs > Math.max(CPU_WAIT_MS_MIN, CPU_WAIT_SHARE_MAX * responseMsP50)) {
    reasons.push(
      `Phase ${phase.name}: a generator waited ${generatorCpuWaitMs.toFixed(2)} ms for a processor each time it had something to do, beyond ${percent(CPU_WAIT_SHARE_MAX)} of the median response time of ${responseMsP50.toFixed(2)} ms; give it processors of its own, or another machine.`,
    );
  }
  for (const { percentile, generatorMs, responseMs } of phase.ownDelays) {
    const { share, ms } = OWN_DELAY_MAX[percentile];
    if (generatorMs <= Math.max(ms, share * responseMs)) continue;
    reasons.push(
      `Phase ${phase.name}: a generator itself added ${generatorMs.toFixed(2)} ms at the ${percentile}th percentile, by lag and by waits for a processor, beyond ${percent(share)} of that percentile of response time (${responseMs.toFixed(2)} ms); give it processors of its own, or another machine.`,
    );
    break; // one percentile is reason enough
  }
  if (lagMsP50 !== null && responseMsP50 !== null && lagMsP50 > Math.max(LAG_MS_MIN, LAG_SHARE_MAX * responseMsP50)) {
    reasons.push(
      `Phase ${phase.name}: half of the requests left ${lagMsP50.toFixed(2)} ms late or more, beyond ${percent(LAG_SHARE_MAX)} of the median response time of ${responseMsP50.toFixed(2)} ms.`,
    );
  }
  if (phase.achievedShare !== null && phase.achievedShare < ACHIEVED_MIN) {
    const dropped = phase.dropped === 0 ? '' : `, ${phase.dropped} were given up for want of a connection`;
    reasons.push(
      `Phase ${phase.name}: only ${percent(phase.achievedShare)} of the requests that were due were sent in time (at least ${percent(ACHIEVED_MIN)})${dropped}; use more generator processes or a larger max_in_flight.`,
    );
  }
  if (phase.unsteady !== null) reasons.push(`Phase ${phase.name} was not steady: ${phase.unsteady}.`);
  const law = phase.littlesLaw;
  if (law !== null && !law.holds && phase.requests > 0) {
    reasons.push(
      `Phase ${phase.name}: Little's law is broken: requests account for ${law.measured.toFixed(2)} of ${law.expected.toFixed(2)} ${phase.achievedShare === null ? 'users' : 'requests in flight'}, off by ${percent(law.deviation)} (at most ${percent(law.tolerance)}).`,
    );
  }
  return reasons;
}

/** Every reason why a run is INVALID; empty = VALID. */
export function runInvalidReasons(run: RunEvidence): string[] {
  const reasons = run.phases.flatMap(phaseInvalidReasons);
  reasons.push(...run.restarts);
  if (run.phases.length === 0) reasons.push('No phase was measured.');
  return reasons;
}
