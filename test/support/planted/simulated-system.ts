import type { Run, RunPhase, RunSample, ServerSample } from '../../../src/contract/index.js';
import { seededRandom } from '../../../src/domain/arrivals/index.js';
import { type FreshRow, nextBatch, RowQueue } from '../../../src/domain/batching/index.js';
import { lookAt, noCounts, phaseFiguresOf, type SystemPlan } from './simulated-figures.js';

interface Request extends FreshRow {
  readonly user: number;
  readonly intended: number;
  sent: number;
  arrived: number;
  started: number;
  queuedAt: number;
  execAt: number;
  execEnd: number;
  postAt: number;
  rows: number;
}

/** Work that shares the cores: each piece gets one core, or its share where there are more pieces than cores. */
interface Work {
  left: number;
  readonly end: () => void;
}

/** The discrete-event model. Its batches are formed by the policy that the service itself uses. */
class SimulatedSystem {
  readonly #plan: SystemPlan;
  readonly #random: () => number;
  readonly #timers: { at: number; order: number; act: () => void }[] = [];
  readonly #work = new Set<Work>();
  #now = 0;
  #order = 0;
  readonly #loops: { queue: { ms: number; end: () => void }[]; busy: boolean }[];
  readonly #sendFree: number[];
  readonly #fresh = new RowQueue<Request>();
  readonly #none = new RowQueue<Request>();
  #busyWorkers = 0;
  #swapping = false;
  #swaps = 1;
  #active = 0;
  #lookAt = Number.POSITIVE_INFINITY;
  #users = 0;
  #phase = '';
  #endAt = 0;
  #sendBusy = 0;
  readonly counters = noCounts();
  readonly samples: RunSample[] = [];
  readonly server: ServerSample[] = [];
  readonly phases: RunPhase[] = [];

  constructor(plan: SystemPlan, seed: number) {
    this.#plan = plan;
    this.#random = seededRandom(seed);
    this.#loops = Array.from({ length: plan.processes }, () => ({ queue: [], busy: false }));
    this.#sendFree = Array.from({ length: plan.generators }, () => 0);
    for (const loop of this.#loops.keys()) this.#pause(loop);
  }

  run(): void {
    for (const [number, users] of this.#plan.levels.entries()) {
      if (number === 1) this.#swapLater();
      this.#level(users, number);
    }
  }

  #swapLater(): void {
    const { swapMs, swapEveryMs } = this.#plan;
    if (swapMs === 0) return;
    this.#after(swapEveryMs, () => {
      this.#swapping = true;
      this.#after(swapMs, () => {
        this.#swapping = false;
        this.#swaps++;
        this.#dispatch();
        this.#swapLater();
      });
    });
  }

  #exponential(mean: number): number {
    return -Math.log(1 - this.#random()) * mean;
  }

  #after(ms: number, act: () => void): void {
    const timer = { at: this.#now + ms, order: this.#order++, act };
    let low = 0;
    let high = this.#timers.length;
    // Latest first, so that the next one is at the end.
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#timers[middle]!;
      if (other.at > timer.at || (other.at === timer.at && other.order > timer.order)) low = middle + 1;
      else high = middle;
    }
    this.#timers.splice(low, 0, timer);
  }

  get #speed(): number {
    return this.#work.size === 0 ? 1 : Math.min(1, this.#plan.cores / this.#work.size);
  }

  #advance(to: number): void {
    const ms = to - this.#now;
    const speed = this.#speed;
    for (const work of this.#work) work.left -= ms * speed;
    this.counters.cpu += ms * speed * this.#work.size;
    if (this.#work.size > this.#plan.cores) this.counters.throttled += ms;
    this.counters.loopBusy += ms * this.#loops.filter(({ busy }) => busy).length;
    this.#now = to;
  }

  #until(end: number): void {
    for (;;) {
      let first: Work | null = null;
      for (const work of this.#work) if (first === null || work.left < first.left) first = work;
      const workAt = first === null ? Number.POSITIVE_INFINITY : this.#now + Math.max(0, first.left) / this.#speed;
      const timerAt = this.#timers.at(-1)?.at ?? Number.POSITIVE_INFINITY;
      if (Math.min(workAt, timerAt) > end) {
        this.#advance(end);
        return;
      }
      if (first !== null && workAt <= timerAt) {
        this.#advance(workAt);
        this.#work.delete(first);
        first.end();
      } else {
        this.#advance(timerAt);
        this.#timers.pop()!.act();
      }
    }
  }

  #level(users: number, number: number): void {
    const start = this.#now;
    const end = start + this.#plan.secondsPerLevel * 1000;
    this.#users = users;
    // Levels of as many users have names of their own.
    this.#phase = this.#plan.levels.indexOf(users) === number ? String(users) : `${users} again`;
    this.#endAt = end;
    this.#sendBusy = 0;
    const from = this.samples.length;
    for (let user = 0; user < users; user++)
      this.#after(this.#exponential(this.#plan.thinkMs / 2 + 1), () => {
        this.#send(user, this.#now);
      });
    for (let at = start; at <= end; at += 1000) {
      this.#until(at);
      this.#look();
    }
    const sendBusy = this.#sendBusy;
    this.#users = 0;
    this.#until(end + 60_000);
    this.phases.push(phaseFiguresOf(this.#plan, this.#phase, users, start, end, this.samples.slice(from), sendBusy));
  }

  #send(user: number, intended: number): void {
    if (this.#now >= this.#endAt) return;
    const generator = user % this.#plan.generators;
    const begin = Math.max(this.#now, this.#sendFree[generator]!);
    const cost = this.#exponential(this.#plan.sendMs);
    this.#sendFree[generator] = begin + cost;
    this.#sendBusy += cost;
    const request: Request = {
      request: {},
      readyAtUs: 0,
      priority: 1,
      runsLeft: 1,
      place: null,
      user,
      intended,
      sent: begin + cost,
      arrived: 0,
      started: 0,
      queuedAt: 0,
      execAt: 0,
      execEnd: 0,
      postAt: 0,
      rows: 0,
    };
    this.#after(begin + cost - this.#now + this.#way(), () => {
      const arrived = this.#now;
      const loop = user % this.#plan.processes;
      this.#loop(
        loop,
        this.#exponential(this.#plan.loopMs / 2),
        () => {
          request.arrived = arrived;
          request.queuedAt = this.#now;
          const queued = Object.assign(request, { readyAtUs: this.#now * 1000 });
          this.#fresh.add(queued);
          this.#dispatch();
        },
        () => {
          request.started = this.#now;
        },
      );
    });
  }

  #way(): number {
    return this.#plan.networkMs * (0.9 + 0.2 * this.#random());
  }

  #loop(number: number, ms: number, end: () => void, begin: () => void = () => undefined, first = false): void {
    const loop = this.#loops[number]!;
    const task = { ms, end, begin };
    const next = (): void => {
      const job = loop.queue.shift() as typeof task | undefined;
      loop.busy = job !== undefined;
      if (job === undefined) return;
      job.begin();
      this.#work.add({
        left: job.ms,
        end: () => {
          job.end();
          next();
        },
      });
    };
    if (first) loop.queue.unshift(task);
    else loop.queue.push(task);
    if (!loop.busy) next();
  }

  #pause(loop: number): void {
    const { gcMs, gcEveryMs } = this.#plan;
    if (gcMs === 0) return;
    this.#after(this.#exponential(gcEveryMs), () => {
      this.#loop(
        loop,
        gcMs,
        () => {
          this.counters.gc += gcMs;
          this.counters.lagSum += gcMs;
          this.#pause(loop);
        },
        undefined,
        true,
      );
    });
  }

  #dispatch(): void {
    const { workers, maxRows, maxDelayMs, limit } = this.#plan;
    for (;;) {
      const choice = nextBatch(this.#none, this.#fresh, {
        nowUs: this.#now * 1000,
        maxRows,
        freeWorkers: this.#swapping ? 0 : workers - this.#busyWorkers,
        newRequests: limit === null ? Number.POSITIVE_INFINITY : limit - this.#active,
        maxDelayUs: maxDelayMs * 1000,
      });
      if (choice.lookAgainAtUs !== null && choice.lookAgainAtUs / 1000 < this.#lookAt) {
        this.#lookAt = choice.lookAgainAtUs / 1000;
        this.#after(Math.max(0.001, this.#lookAt - this.#now), () => {
          this.#lookAt = Number.POSITIVE_INFINITY;
          this.#dispatch();
        });
      }
      if (choice.fresh.length === 0) return;
      this.#start(choice.fresh);
    }
  }

  #start(batch: readonly Request[]): void {
    const { perRunMs, perRowMs, execOnCpu } = this.#plan;
    this.#busyWorkers++;
    this.#active += batch.length;
    this.counters.rows += batch.length;
    this.counters.runs++;
    for (const request of batch) {
      this.#fresh.delete(request);
      request.execAt = this.#now;
      request.rows = batch.length;
    }
    const ms = (perRunMs + perRowMs * batch.length) * (0.85 + 0.3 * this.#random());
    const end = (): void => {
      this.#busyWorkers--;
      for (const request of batch) this.#finish(request);
      this.#dispatch();
    };
    if (execOnCpu) this.#work.add({ left: ms, end });
    else this.#after(ms, end);
  }

  #finish(request: Request): void {
    request.execEnd = this.#now;
    this.counters.exec += this.#now - request.execAt;
    this.counters.wait += request.execAt - request.queuedAt;
    this.#loop(
      request.user % this.#plan.processes,
      this.#exponential(this.#plan.loopMs / 2),
      () => {
        this.#active--;
        this.counters.done++;
        const answered = this.#now;
        this.#dispatch();
        this.#after(this.#way(), () => {
          this.#receive(request, answered);
        });
      },
      () => {
        request.postAt = this.#now;
      },
    );
  }

  #receive(request: Request, answered: number): void {
    const us = (ms: number): number => Math.round(ms * 1000);
    const { intended, sent, started, queuedAt, execAt, execEnd, postAt } = request;
    this.samples.push({
      phase: this.#phase,
      user: request.user,
      intended_us: us(intended),
      sent_us: us(sent),
      first_byte_us: us(this.#now),
      done_us: us(this.#now),
      connection_wait_us: 0,
      status: 200,
      failure: null,
      bytes_out: 1000,
      bytes_in: 500,
      batch_rows: request.rows,
      replica: 'r1',
      timing_ms: {
        parse: (queuedAt - started) / 2,
        prep: (queuedAt - started) / 2,
        queue: execAt - queuedAt,
        exec: execEnd - execAt,
        lag: postAt - execEnd,
        post: answered - postAt,
        total: answered - started,
      },
    });
    if (request.user >= this.#users) return;
    this.#after(this.#exponential(this.#plan.thinkMs), () => {
      this.#send(request.user, this.#now);
    });
  }

  #look(): void {
    const { counters } = this;
    const plan = this.#plan;
    const waiting =
      this.#loops.reduce((sum, { queue }) => sum + queue.reduce((ms, task) => ms + task.ms, 0), 0) / plan.processes;
    counters.lagSum += waiting;
    counters.lagCount += 50;
    this.server.push(
      lookAt(plan, counters, {
        nowMs: this.#now,
        phase: this.#phase,
        waitingMs: waiting,
        workersBusy: this.#busyWorkers,
        active: this.#active,
        queueLength: this.#fresh.size,
        swaps: this.#swaps,
      }),
    );
  }
}

/** Drives the plan's levels over virtual time, and answers what a real run would leave behind. */
export function simulateSystem(
  plan: SystemPlan,
  seed: number,
): { run: Run; samples: RunSample[]; server: ServerSample[] } {
  const system = new SimulatedSystem(plan, seed);
  system.run();
  return { run: { schema_version: 1, phases: system.phases }, samples: system.samples, server: system.server };
}
