import type { FltsError } from '../contract/index.js';
import type { ModelSpec } from './model-spec.js';
import type { PreparedWindow } from './prepare-window.js';

/** A request as the scheduler sees it: active from the first dispatch of one of its windows to the end of the last. */
export class Ticket {
  /** Later when another request with a later deadline joins. */
  deadlineUs: number;
  active = false;
  openJobs: number;

  constructor(deadlineUs: number, jobs: number) {
    this.deadlineUs = deadlineUs;
    this.openJobs = jobs;
  }
}

type JobState = 'waiting' | 'running' | 'done' | 'failed' | 'dropped';

/** One window on its way through as many model steps as its horizon takes. */
export class Job {
  readonly request: Ticket;
  readonly horizon: number;
  /** float32 [lookback, features]; moves on after each step of a recursive horizon. */
  readonly window: Float32Array;
  /** float32 [horizon, targets], raw units; filled step by step. */
  readonly forecast: Float32Array;
  lastMs: number;
  stepsDone = 0;
  state: JobState = 'waiting';
  /** A batch that lost its worker is tried once more. */
  retried = false;
  readyAtUs: number;
  dispatchedAtUs = 0;
  /** Sums over the model steps so far; contiguous since the job was submitted. */
  queueUs = 0;
  execUs = 0;
  lagUs = 0;
  /** Rows of the last batch that it was in. */
  batchRows = 0;
  /** How many requests still want the answer. */
  waiters = 1;
  error: FltsError | null = null;
  readonly #listeners: (() => void)[] = [];

  constructor(request: Ticket, spec: ModelSpec, prepared: PreparedWindow, horizon: number, nowUs: number) {
    this.request = request;
    this.horizon = horizon;
    this.window = prepared.window;
    this.lastMs = prepared.lastMs;
    this.forecast = new Float32Array(horizon * spec.targets.length);
    this.readyAtUs = nowUs;
  }

  get requestActive(): boolean {
    return this.request.active;
  }

  get isOpen(): boolean {
    return this.state === 'waiting' || this.state === 'running';
  }

  /** Calls `listener` once the job is done or failed; never for a dropped one. */
  onSettled(listener: () => void): void {
    this.#listeners.push(listener);
  }

  settle(): void {
    for (const listener of this.#listeners) listener();
  }
}
