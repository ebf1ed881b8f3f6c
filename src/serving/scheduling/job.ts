import type { FreshRow } from '../../domain/batching/index.js';
import type { FltsError } from '../../contract/index.js';
import { advanceWindow } from '../advance-window.js';
import type { ModelSpec } from '../model-spec.js';
import type { PreparedWindow } from '../prepare-window.js';

/** A request as the scheduler sees it: active from the first dispatch of one of its windows to the end of the last. */
export class Ticket {
  active = false;
  /** Windows that are not done. */
  openJobs = 0;
  readonly jobs: readonly Job[];
  readonly horizon: number;
  readonly priority: number;
  readonly client: string;

  constructor(
    spec: ModelSpec,
    windows: readonly PreparedWindow[],
    asked: { horizon: number; priority: number; client: string; deadlineUs: number },
    nowUs: number,
  ) {
    this.horizon = asked.horizon;
    this.priority = asked.priority;
    this.client = asked.client;
    this.openJobs = windows.length;
    this.jobs = windows.map((window) => new Job(this, spec, window, asked.deadlineUs, nowUs));
  }
}

type JobState = 'waiting' | 'running' | 'done' | 'failed' | 'dropped';

/** One window on its way through as many runs of the model as its horizon takes. */
export class Job implements FreshRow {
  readonly request: Ticket;
  readonly horizon: number;
  readonly priority: number;
  /** Later when another request with a later deadline joins. */
  deadlineUs: number;
  /** float32 [lookback, features]; moves on after each run of a recursive horizon. */
  readonly window: Float32Array;
  /** float32 [horizon, targets], raw units; filled run by run. */
  readonly forecast: Float32Array;
  state: JobState = 'waiting';
  /** Runs of the model that its horizon takes, and those of them that are to come. */
  readonly runs: number;
  runsLeft: number;
  place: FreshRow['place'] = null;
  readyAtUs: number;
  dispatchedAtUs = 0;
  /** A batch that lost its worker is tried once more. */
  retried = false;
  /** Sums over the runs so far; contiguous since the job was submitted. */
  queueUs = 0;
  execUs = 0;
  lagUs = 0;
  /** Rows of the last batch that it was in; 0 before the first. */
  batchRows = 0;
  /** How many requests still want the answer. */
  waiters = 1;
  error: FltsError | null = null;
  readonly #spec: ModelSpec;
  readonly #listeners: (() => void)[] = [];
  #lastMs: number;
  #stepsDone = 0;

  constructor(request: Ticket, spec: ModelSpec, prepared: PreparedWindow, deadlineUs: number, nowUs: number) {
    this.request = request;
    this.horizon = request.horizon;
    this.priority = request.priority;
    this.deadlineUs = deadlineUs;
    this.window = prepared.window;
    this.forecast = new Float32Array(request.horizon * spec.targets.length);
    this.runs = Math.ceil(request.horizon / spec.steps);
    this.runsLeft = this.runs;
    this.readyAtUs = nowUs;
    this.#spec = spec;
    this.#lastMs = prepared.lastMs;
  }

  get isOpen(): boolean {
    return this.state === 'waiting' || this.state === 'running';
  }

  /**
   * Takes one run's output, float32 [steps, targets]: adds it to the forecast, and moves the window on where more is
   * to come. Answers which value was not finite, if any; then nothing was taken.
   */
  takeRun(block: Float32Array): { readonly target: string; readonly step: number } | null {
    const { steps, targets } = this.#spec;
    const used = block.subarray(0, Math.min(steps, this.horizon - this.#stepsDone) * targets.length);
    const position = used.findIndex((value) => !Number.isFinite(value));
    if (position >= 0) {
      const step = this.#stepsDone + Math.floor(position / targets.length) + 1;
      return { target: targets[position % targets.length] ?? '', step };
    }
    this.forecast.set(used, this.#stepsDone * targets.length);
    this.#stepsDone += used.length / targets.length;
    this.runsLeft--;
    if (this.runsLeft > 0) this.#lastMs = advanceWindow(this.#spec, this.window, this.#lastMs, block);
    return null;
  }

  /** Calls `listener` once the job is done or failed; never for a dropped one. */
  onSettled(listener: () => void): void {
    this.#listeners.push(listener);
  }

  settle(): void {
    for (const listener of this.#listeners) listener();
  }
}
