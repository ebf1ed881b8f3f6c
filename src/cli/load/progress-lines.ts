import type { LoadProgress } from '../../loadtest/index.js';
import type { Progress, Terminal } from '../terminal.js';

/** One line that moves per phase, and one that stays. */
export class LoadProgressLines {
  readonly #terminal: Terminal;
  #line: Progress | null = null;
  #label = '';
  #last: LoadProgress | null = null;

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
    this.#line?.update(state.step === 'running' ? `${state.ratePerS}/s, ${figuresOf(state)}` : '', fraction);
  }

  end(): void {
    if (this.#line === null) return;
    if (this.#last?.step === 'running') this.#line.done(figuresOf(this.#last));
    else this.#line.clear();
    this.#line = null;
  }
}

function labelOf(state: LoadProgress): string {
  if (state.step === 'floor') return 'instrument floor';
  if (state.step === 'writing') return 'writing the bundle';
  const where = `${state.index + 1}/${state.phases} ${state.phase ?? ''}`;
  return state.step === 'pause' ? `pause before ${where}` : `phase ${where}, ${state.users} users`;
}

function figuresOf(state: LoadProgress): string {
  const ms = (value: number | null): string => (value === null ? '–' : value.toFixed(value < 10 ? 2 : 0));
  const queue = state.serverQueue === null ? '' : `, server queue ${state.serverQueue}`;
  const failed = state.failed === 0 ? 'no errors' : `${state.failed} errors`;
  return `${state.requests} answers, p50 ${ms(state.p50Ms)} p95 ${ms(state.p95Ms)} p99 ${ms(state.p99Ms)} ms, ${failed}${queue}`;
}
