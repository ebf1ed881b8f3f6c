import type { LoadProgress } from '../../loadtest/index.js';
import type { Progress, Terminal } from '../terminal.js';

/** One line that moves per phase, and one that stays. */
export class LoadProgressLines {
  readonly #terminal: Terminal;
  #line: Progress | null = null;
  #label = '';
  #last: LoadProgress | null = null;
  /** Reasons that were printed already. */
  readonly #told = new Set<string>();

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show(state: LoadProgress): void {
    const label = labelOf(state);
    if (label !== this.#label) {
      this.end();
      this.#label = label;
      this.#line = this.#terminal.progress(label);
    }
    this.#last = state;
    const fraction =
      state.durationS === null || state.durationS === 0 ? undefined : Math.min(1, state.elapsedS / state.durationS);
    this.#line?.update(
      state.step === 'running' ? `${verdictOf(state)}  ${state.ratePerS}/s ${figuresOf(state)}` : '',
      fraction,
    );
  }

  end(): void {
    if (this.#line === null) return;
    if (this.#last?.step === 'running') this.#line.done(figuresOf(this.#last));
    else this.#line.clear();
    this.#line = null;
    for (const reason of this.#last?.invalidReasons ?? []) {
      if (!this.#told.has(reason)) this.#terminal.note(`  INVALID so far: ${reason}`);
      this.#told.add(reason);
    }
  }
}

function labelOf(state: LoadProgress): string {
  if (state.step === 'floor') return 'instrument floor';
  if (state.step === 'writing') return 'writing the bundle';
  const where = `${state.index + 1}/${state.phases} ${state.phase ?? ''}`;
  return state.step === 'pause' ? `pause before ${where}` : `phase ${where}${loadOf(state)}`;
}

function loadOf({ users, wantedPerS }: LoadProgress): string {
  if (users !== null) return `, ${users} users`;
  return wantedPerS === null ? '' : `, ${wantedPerS}/s`;
}

function verdictOf({ invalidReasons }: LoadProgress): string {
  return invalidReasons.length === 0 ? 'VALID so far' : 'INVALID so far';
}

function figuresOf(state: LoadProgress): string {
  const ms = (value: number | null): string => (value === null ? '–' : value.toFixed(value < 10 ? 2 : 0));
  const queue = state.serverQueue === null ? '' : `, server queue ${state.serverQueue}`;
  const batch = state.serverBatch === null ? '' : `, batch ${state.serverBatch.toFixed(1)}`;
  // Lag of this size would show in the figures.
  const lag = (state.lagMsP50 ?? 0) < 1 ? '' : `, own lag ${ms(state.lagMsP50)} ms`;
  const failed = state.failed === 0 ? 'no errors' : `${state.failed} errors`;
  return `p50 ${ms(state.p50Ms)} p95 ${ms(state.p95Ms)} p99 ${ms(state.p99Ms)} ms, ${failed}, ${state.requests} answers${lag}${queue}${batch}`;
}

/** Where a run stands, for machines: one object a line, in the names of run.json. */
export function progressRecord(state: LoadProgress): Record<string, unknown> {
  return {
    step: state.step,
    phase: state.phase,
    ...(state.users === null ? { rate: state.wantedPerS } : { users: state.users }),
    elapsed_s: Number(state.elapsedS.toFixed(1)),
    duration_s: state.durationS,
    requests: state.requests,
    failed: state.failed,
    rate_per_s: state.ratePerS,
    p50_ms: state.p50Ms,
    p95_ms: state.p95Ms,
    p99_ms: state.p99Ms,
    lag_ms_p50: state.lagMsP50,
    server_queue: state.serverQueue,
    server_batch: state.serverBatch,
    valid_so_far: state.invalidReasons.length === 0,
    invalid_reasons: state.invalidReasons,
  };
}
