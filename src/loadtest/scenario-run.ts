import type { Run, RunCapacity, RunPhase, Scenario } from '../contract/index.js';
import type { AbortWatch } from './abort-watch.js';
import { figuresOfDriven } from './assemble-run.js';
import type { DrivenPhase, LoadDriver } from './drive-phases.js';
import type { ServerProbe } from './probe/server-probe.js';
import type { ProgressTeller } from './progress.js';
import { phasePlan } from './scenario/phase-plan.js';
import { searchCapacity } from './search-capacity.js';

const DEFAULT_IN_FLIGHT_MAX = 2_000;
/** Between two phases of a sharded run: the time for the answers of the one and the connections of the other. */
const SHARD_GAP_S = 5;
const ABORT_CHECK_MS = 1_000;

/** What a scenario run is asked to do. */
interface Task {
  readonly scenario: Scenario;
  readonly capacityPerS?: number;
  readonly shard?: { readonly startAt: Date };
}

/** Drives the phases of a scenario in order, and the search after them. */
export class ScenarioRun {
  readonly #options: Task;
  readonly #driver: LoadDriver;
  readonly #teller: ProgressTeller;
  readonly #probe: ServerProbe;
  readonly #signal: AbortSignal;
  readonly #seed: number;
  readonly #watch: AbortWatch;
  readonly driven: DrivenPhase[] = [];
  capacity: RunCapacity | null = null;
  aborted: Run['aborted'];

  constructor(
    options: Task,
    parts: {
      readonly driver: LoadDriver;
      readonly teller: ProgressTeller;
      readonly probe: ServerProbe;
      readonly signal: AbortSignal;
      readonly seed: number;
      readonly watch: AbortWatch;
    },
  ) {
    this.#options = options;
    this.#driver = parts.driver;
    this.#teller = parts.teller;
    this.#probe = parts.probe;
    this.#signal = parts.signal;
    this.#seed = parts.seed;
    this.#watch = parts.watch;
  }

  async run(): Promise<void> {
    const { scenario, shard } = this.#options;
    let startS = shard === undefined ? 0 : (shard.startAt.getTime() - this.#driver.epochMs) / 1000;
    for (const [index, phase] of scenario.phases.entries()) {
      this.#teller.pausing(phase, index);
      startS += phase.pause_s ?? 0;
      if (shard === undefined) await this.#driver.pause(phase.pause_s ?? 0);
      if (this.#over()) return;
      this.#teller.running(phase, index);
      await this.#drive({
        name: phase.name,
        kind: phase.kind ?? 'sustained',
        plan: phasePlan(phase, this.#capacityPerS(), this.#seed + index),
        maxInFlight: phase.max_in_flight ?? DEFAULT_IN_FLIGHT_MAX,
        startUs: shard === undefined ? null : startS * 1e6,
      });
      startS += (phase.duration_s ?? 0) + SHARD_GAP_S;
    }
    if (scenario.search !== undefined && !this.#over()) await this.#search();
  }

  #over(): boolean {
    return this.#signal.aborted || this.aborted !== undefined;
  }

  /** What was given, else the best that a phase reached so far. */
  #capacityPerS(): number | null {
    const reached = this.#figures().map((phase) => phase.throughput_per_s ?? 0);
    return this.#options.capacityPerS ?? (reached.length === 0 ? null : Math.max(...reached));
  }

  #figures(): RunPhase[] {
    const measured = this.driven.filter(({ recorder }) => recorder.phase.kind !== 'warmup');
    return measured.map((driven) =>
      figuresOfDriven(driven, { requirements: [], seed: this.#seed, rss: [] }, measured.length),
    );
  }

  async #drive(phase: Omit<Parameters<LoadDriver['drive']>[0], 'useNullRequest'>): Promise<DrivenPhase> {
    this.#watch.reset();
    const timer = setInterval(() => {
      const found = phase.kind === 'warmup' ? null : this.#watch.check(this.#driver.nowUs());
      if (found === null || this.aborted !== undefined) return;
      this.aborted = { ...found, phase: phase.name };
      this.#driver.endPhase();
    }, ABORT_CHECK_MS);
    try {
      const driven = await this.#driver.drive({ ...phase, useNullRequest: false });
      this.driven.push(driven);
      this.#teller.judge(driven);
      return driven;
    } finally {
      clearInterval(timer);
      this.#teller.ended();
      await this.#probe.ask(); // what the server says right after the phase
    }
  }

  async #search(): Promise<void> {
    this.capacity = await searchCapacity({
      search: this.#options.scenario.search ?? {},
      levels: this.#figures(),
      seed: this.#seed,
      signal: this.#signal,
      drive: (name, rate, seconds) => {
        this.#teller.running({ name, rate, duration_s: seconds }, this.driven.length);
        return this.#drive({
          name,
          kind: 'search',
          plan: phasePlan({ name, rate, duration_s: seconds }, null, this.#seed),
          maxInFlight: DEFAULT_IN_FLIGHT_MAX,
          startUs: null,
        });
      },
    });
  }
}
