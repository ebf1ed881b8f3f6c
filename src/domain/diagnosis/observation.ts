import type { PartTimes } from '../attribution/index.js';

/** What the service said of itself in a phase: means of one replica; null = not measured. Units by name, shares 0..1. */
export interface ServerObservation {
  readonly replicas: number | null;
  readonly processes: number | null;
  readonly workers: number | null;
  readonly workersBusyMean: number | null;
  /** Most requests dispatched at once; Infinity = no limit, null = nobody said. */
  readonly limit: number | null;
  readonly activeMean: number | null;
  readonly queueLengthMean: number | null;
  readonly queueWaitMsMean: number | null;
  readonly execMsMean: number | null;
  readonly prepMsMean: number | null;
  readonly batchRowsMean: number | null;
  readonly loopLagMsMean: number | null;
  readonly loopLagMsMax: number | null;
  readonly loopBusyShare: number | null;
  readonly cpuCoresMean: number | null;
  readonly cpuLimitCores: number | null;
  readonly cpuThrottledShare: number | null;
  readonly gcShare: number | null;
  readonly memoryBytesMax: number | null;
  readonly memoryLimitBytes: number | null;
  readonly oomKills: number | null;
  readonly restarts: number | null;
  readonly modelSwaps: number | null;
}

/** One measured phase as the rules see it; null = not measured. */
export interface PhaseObservation {
  readonly name: string;
  /** Closed users; null for open arrivals. */
  readonly users: number | null;
  readonly ratePerS: number | null;
  readonly thinkMs: number;
  readonly requests: number;
  readonly succeeded: number;
  readonly throughputPerS: number | null;
  /** Mean response time of right answers. */
  readonly meanMs: number | null;
  /** Mean parts of the response time, which sum to `meanMs`. */
  readonly parts: PartTimes | null;
  /** Mean response time of a route that does nothing, at this load. */
  readonly floorMs: number | null;
  /** Mean time by which requests left later than due, without waiting for a connection. */
  readonly lateMs: number | null;
  readonly generatorBusyShare: number | null;
  readonly generators: number | null;
  readonly achievedShare: number | null;
  readonly server: ServerObservation;
}

/** One figure that speaks for or against a cause. */
export interface Evidence {
  readonly text: string;
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
}

/** A figure of the phase now, and after a change; units by name. */
export interface Effect {
  readonly figure: 'throughput_per_s' | 'mean_ms';
  readonly before: number;
  readonly expected: number;
  readonly lower: number;
  readonly upper: number;
}

/** What a change is predicted to bring at the same load; a later run can prove it wrong. */
export interface Prediction {
  /** `cause/remedy`. */
  readonly id: string;
  readonly remedy: string;
  readonly change: { readonly name: string; readonly from: number | null; readonly to: number | null };
  readonly phase: string;
  readonly effects: readonly Effect[];
  /** Every interval holds the value before. */
  readonly noEffect: boolean;
  readonly assumptions: readonly string[];
}

export const CAUSE_TITLES = {
  concurrency_limit: 'Concurrency limit',
  cpu: 'CPU',
  event_loop: 'Event loop',
  batching_wait: 'Batching wait',
  model_execution: 'Model execution',
  generator: 'Load generator',
  network: 'Network',
  memory_gc: 'Memory pressure and garbage collection',
  model_swap: 'Model swap',
} as const;
export type CauseName = keyof typeof CAUSE_TITLES;

export interface Finding {
  readonly cause: CauseName;
  readonly title: string;
  /** 0..1: how much of the phase's trouble the evidence puts down to it. */
  readonly score: number;
  readonly evidenceFor: readonly Evidence[];
  readonly evidenceAgainst: readonly Evidence[];
  readonly predictions: readonly Prediction[];
}

export const finding = (value: number, figure: string, unit: string, text: string): Evidence => ({
  text,
  figure,
  value,
  unit,
});

/** 0 at `from` and below, 1 at `to` and above; null counts as 0. */
export function ramp(value: number | null, from: number, to: number): number {
  return value === null || Number.isNaN(value) ? 0 : Math.min(1, Math.max(0, (value - from) / (to - from)));
}

/** A number as people read it, three significant digits. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return 'no limit';
  const size = Math.abs(value);
  const text = size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toFixed(2);
  return text.replace(/\B(?=(\d{3})+(?!\d))/g, size >= 1000 ? ',' : '').replace(/\.0+$/, '');
}

export const percent = (share: number): string => `${figure(share * 100)} %`;
