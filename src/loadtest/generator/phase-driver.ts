import { performance } from 'node:perf_hooks';
import { answerFailure } from './answer-check.js';
import { ClosedCrew } from './closed-crew.js';
import type { Crew } from './crew.js';
import { HttpConnection } from './http-connection.js';
import type { Begin, Configure, FromGenerator, Prepare, RequestPlan } from './messages.js';
import { OpenCrew } from './open-crew.js';
import { OwnDelay } from './own-delay.js';
import { processorUse, readProcessor } from './processor-use.js';
import type { RequestSource } from './request-source.js';
import { SampleBuffer } from './sample-buffer.js';

/** How often timeouts are looked for and samples are handed over. */
const TICK_MS = 100;
/** Opening the connections of a phase may take this long; who is late connects with the first request. */
const OPEN_TIMEOUT_MS = 10_000;

/** Drives this generator's share of one phase: opens the connections, runs the crew, hands over samples. */
export class PhaseDriver {
  readonly #plan: RequestPlan;
  readonly #phase: number;
  readonly #crew: Crew;
  readonly #buffer = new SampleBuffer();
  readonly #nowUs: () => number;
  readonly #send: (message: FromGenerator) => void;
  #running = false;
  #ticker: NodeJS.Timeout | null = null;
  #elu = performance.eventLoopUtilization();
  #cpu = process.cpuUsage();
  #processor = readProcessor();
  readonly #ownDelay = new OwnDelay();

  constructor(
    config: Configure,
    plan: RequestPlan,
    source: RequestSource,
    prepare: Prepare,
    send: (message: FromGenerator) => void,
  ) {
    this.#plan = plan;
    this.#phase = prepare.phase;
    this.#send = send;
    const zeroMs = performance.timeOrigin - config.epochMs;
    this.#nowUs = () => (zeroMs + performance.now()) * 1000;
    const connect = (): HttpConnection => new HttpConnection(plan.endpoint, plan.connection, this.#nowUs);
    const failed = (error: Error): void => {
      send({ type: 'fatal', text: error.message });
    };
    this.#crew =
      prepare.plan.mode === 'closed'
        ? new ClosedCrew(prepare.plan, config, source, connect, this.#nowUs)
        : new OpenCrew(prepare.plan, config, prepare.maxInFlight, source, connect, this.#nowUs, failed);
  }

  /** Opens the connections ahead of the phase; says `prepared` with the first problem, or null. */
  open(): void {
    let waiting = this.#crew.connections.length;
    let firstProblem: string | null = null;
    let said = false;
    const say = (): void => {
      if (said) return;
      said = true;
      clearTimeout(timer);
      this.#send({ type: 'prepared', phase: this.#phase, problem: firstProblem });
    };
    const timer = setTimeout(() => {
      firstProblem ??= `${waiting} connections were not open within ${OPEN_TIMEOUT_MS / 1000} s`;
      say();
    }, OPEN_TIMEOUT_MS);
    if (waiting === 0) say();
    for (const connection of this.#crew.connections) {
      connection.open((problem) => {
        firstProblem ??= problem;
        if (--waiting === 0) say();
      });
    }
  }

  begin(begin: Begin): void {
    this.#elu = performance.eventLoopUtilization();
    this.#cpu = process.cpuUsage();
    this.#processor = readProcessor();
    this.#running = true;
    this.#ticker = setInterval(() => {
      this.#tick();
    }, TICK_MS);
    this.#crew.start(
      begin.plan,
      (user, intendedUs, request, exchange) => {
        const failure = answerFailure(exchange, this.#plan, request.expectedTs, request.horizon);
        if (exchange.answer !== null) {
          this.#ownDelay.answered((exchange.sentUs - intendedUs - exchange.connectionWaitUs) / 1_000);
        }
        this.#buffer.add(user, intendedUs, exchange, failure, request.bytes.length);
        if (this.#buffer.full) this.#flush();
      },
      () => {
        this.#finish();
      },
    );
  }

  /** Sends nothing more; answers still missing after `graceMs` become timeouts. */
  end(graceMs: number): void {
    this.#crew.stop();
    if (this.#running) {
      setTimeout(() => {
        this.#expire(0, 'the run was ended before an answer came');
      }, graceMs).unref();
    }
  }

  #tick(): void {
    this.#expire(this.#plan.timeoutMs, `no answer within ${this.#plan.timeoutMs / 1000} s`);
    if (!this.#buffer.empty) this.#flush();
  }

  /** Gives up every exchange older than `ageMs`. */
  #expire(ageMs: number, text: string): void {
    this.#crew.expire(this.#nowUs() - ageMs * 1000, { kind: 'timeout', text });
  }

  #flush(): void {
    this.#send(this.#buffer.take(this.#phase));
  }

  #finish(): void {
    this.#running = false;
    if (this.#ticker !== null) clearInterval(this.#ticker);
    if (!this.#buffer.empty) this.#flush();
    // A generator without a share of the load ends at once; over no time a utilisation means nothing.
    const idle = this.#crew.users === 0 && this.#crew.account === null;
    const elu = idle ? 0 : performance.eventLoopUtilization(this.#elu).utilization;
    const { user, system } = process.cpuUsage(this.#cpu);
    let connectionsOpened = 0;
    for (const connection of this.#crew.connections) {
      connectionsOpened += connection.opened;
      connection.close();
    }
    this.#send({
      type: 'phase_done',
      phase: this.#phase,
      report: {
        users: this.#crew.users,
        elu,
        cpuS: (user + system) / 1e6,
        processor: idle ? null : processorUse(this.#processor, readProcessor()),
        ownDelayMs: this.#ownDelay.figuresMs,
        connectionsOpened,
        open: this.#crew.account,
      },
    });
  }
}
