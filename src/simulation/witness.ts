import { MAX_HEAD_START_US } from '../domain/batching/index.js';
import type { EngineLimits, Lane, PredictionService } from '../serving/index.js';

/** One window as the client knows it. */
interface Seen {
  readonly dueUs: number;
  readyAtUs: number;
  /** The version that it runs on; null before its first run. */
  lane: Lane | null;
  /** How many of its runs lost their worker, failed, or gave a value that is not finite. */
  lost: number;
  failed: number;
  notFinite: number;
  running: boolean;
  /** Whether equal windows were sent, so that one may be run for several, or once more later. */
  shared: boolean;
}

/**
 * Sees every batch and every answer from outside, and holds the invariants of ARCHITECTURE against them. What it
 * checks is stated where it is checked.
 */
export class Witness {
  readonly #limits: EngineLimits;
  readonly #nowUs: () => number;
  readonly #windows = new Map<number, Seen>();
  /** The first invariant that did not hold; null while all do. Not thrown: it is met deep inside of what is tested. */
  broken: string | null = null;
  batches = 0;
  /** Longest time that a window waited for its first run or between two, µs. */
  longestWaitUs = 0;

  constructor(limits: EngineLimits, nowUs: () => number) {
    this.#limits = limits;
    this.#nowUs = nowUs;
  }

  submitted(windowId: number, dueUs: number): void {
    const readyAtUs = this.#nowUs();
    const before = this.#windows.get(windowId);
    if (before !== undefined) before.shared = true;
    else {
      const none = { lane: null, lost: 0, failed: 0, notFinite: 0, running: false, shared: false };
      this.#windows.set(windowId, { dueUs, readyAtUs, ...none });
    }
  }

  batchBegan(lane: Lane, ids: readonly number[]): void {
    const nowUs = this.#nowUs();
    this.batches++;
    this.hold(ids.length <= this.#limits.maxBatchRows, `a batch of ${ids.length} rows`);
    const own = ids.filter((id) => this.#windows.get(id)?.shared !== true);
    this.hold(new Set(own).size === own.length, 'a window twice in a batch');
    let latestReadyUs = 0;
    for (const id of ids) {
      const seen = this.#windows.get(id);
      this.hold(seen !== undefined, `a batch holds window ${id}, which nobody sent`);
      if (seen === undefined || seen.shared) continue;
      this.hold(!seen.running, `window ${id} is in two batches`);
      this.hold(seen.lane === null || seen.lane === lane, `window ${id} changed its version`);
      this.hold(nowUs < seen.dueUs, `window ${id} was dispatched past its deadline`);
      this.longestWaitUs = Math.max(this.longestWaitUs, nowUs - seen.readyAtUs);
      latestReadyUs = Math.max(latestReadyUs, seen.readyAtUs);
      seen.lane = lane;
      seen.running = true;
    }
    // A limit on dispatched requests holds new ones back whatever their age.
    const waiting = [lane.continuing, ...(Number.isFinite(this.#limits.maxActive) ? [] : [lane.fresh])];
    for (const { oldestReadyAtUs } of waiting) {
      const passedByUs = latestReadyUs - oldestReadyAtUs;
      this.hold(passedByUs <= MAX_HEAD_START_US, `a window was passed by one ${passedByUs} µs younger`);
    }
  }

  batchEnded(ids: readonly number[], end: 'well' | 'lost' | 'failed' | 'not_finite'): void {
    ids.forEach((id, row) => {
      const seen = this.#windows.get(id);
      if (seen === undefined) return;
      seen.running = false;
      if (end === 'lost') seen.lost++;
      else seen.readyAtUs = this.#nowUs();
      if (end === 'failed') seen.failed++;
      if (end === 'not_finite' && row === ids.length - 1) seen.notFinite++;
    });
  }

  /** A request was refused or failed: only for a reason that really was. */
  ended(code: string, windowIds: readonly number[]): void {
    const all = windowIds.flatMap((id) => this.#windows.get(id) ?? []);
    if (code === 'FLTS_WORKER_FAILED')
      this.hold(
        all.some(({ lost }) => lost >= 2),
        'given up after one lost worker',
      );
    if (code === 'FLTS_INTERNAL')
      this.hold(
        all.some(({ failed }) => failed > 0),
        'an internal error out of nothing',
      );
    if (code === 'FLTS_NON_FINITE_OUTPUT') {
      this.hold(
        all.some(({ notFinite }) => notFinite > 0),
        'a value that is not finite out of nothing',
      );
    }
  }

  /** Whatever happened, no bound is exceeded. */
  checkBounds(service: PredictionService): void {
    const { gate, active } = service.engine;
    const { maxQueueLength, maxActive } = this.#limits;
    this.hold(gate.queued >= 0 && gate.queued <= maxQueueLength, `${gate.queued} windows wait`);
    this.hold(active >= 0 && active <= maxActive, `${active} requests are active`);
    this.hold(gate.stepsInFlight >= 0 && gate.bytesInFlight >= 0, 'less than nothing is under way');
  }

  /** After the last answer nothing is left anywhere. */
  checkEmpty(service: PredictionService, lanes: readonly Lane[], pendingTimers: number): void {
    const { gate, active, queued } = service.engine;
    const left = { active, queued, steps: gate.stepsInFlight, bytes: gate.bytesInFlight, windows: gate.windows };
    this.hold(
      Object.values(left).every((count) => count === 0),
      `left behind: ${JSON.stringify(left)}`,
    );
    for (const lane of lanes) {
      const { allWindows: windows, allRuns: runs } = lane.work;
      this.hold(lane.isIdle && windows === 0 && runs === 0, `a version is left with ${windows} windows, ${runs} runs`);
    }
    this.hold(pendingTimers === 0, `${pendingTimers} timers are left`);
  }

  /** Notes that an invariant does not hold, and where in time. */
  hold(isHeld: boolean, broken: string): void {
    if (!isHeld) this.broken ??= `${broken}, at ${this.#nowUs()} µs`;
  }
}
