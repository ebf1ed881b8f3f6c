import { performance } from 'node:perf_hooks';
import { type ClosedUsers, usersOf } from '../../domain/arrivals/index.js';
import { answerFailure } from './answer-check.js';
import { HttpConnection } from './http-connection.js';
import type { Begin, Configure, FromGenerator, RequestPlan } from './messages.js';
import { RequestSource } from './request-source.js';
import { SampleBuffer } from './sample-buffer.js';
import { UserLoop } from './user-loop.js';

/** How often timeouts are looked for and samples are handed over. */
const TICK_MS = 100;
/** Opening the connections of a phase may take this long; who is late connects with the first request. */
const OPEN_TIMEOUT_MS = 10_000;

/** Drives this generator's share of one phase: opens the connections, runs the users, hands over samples. */
export class PhaseDriver {
  readonly #plan: RequestPlan;
  readonly #source: RequestSource;
  readonly #phase: number;
  readonly #mine: readonly number[];
  readonly #connections: HttpConnection[];
  readonly #buffer = new SampleBuffer();
  readonly #nowUs: () => number;
  readonly #send: (message: FromGenerator) => void;
  #loops: UserLoop[] = [];
  #running = 0;
  #ticker: NodeJS.Timeout | null = null;
  #elu = performance.eventLoopUtilization();
  #cpu = process.cpuUsage();

  constructor(
    config: Configure,
    plan: RequestPlan,
    source: RequestSource,
    prepare: { readonly phase: number; readonly users: number },
    send: (message: FromGenerator) => void,
  ) {
    this.#plan = plan;
    this.#source = source;
    this.#phase = prepare.phase;
    this.#mine = usersOf(prepare.users, config.generator, config.generators);
    this.#send = send;
    const zeroMs = performance.timeOrigin - config.epochMs;
    this.#nowUs = () => (zeroMs + performance.now()) * 1000;
    this.#connections = this.#mine.map(() => new HttpConnection(plan.endpoint, plan.keepAlive, this.#nowUs));
  }

  /** Opens every user's connection; says `prepared` with the first problem, or null. */
  open(): void {
    let waiting = this.#connections.length;
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
    for (const connection of this.#connections) {
      connection.open((problem) => {
        firstProblem ??= problem;
        if (--waiting === 0) say();
      });
    }
  }

  begin(begin: Begin): void {
    const plan: ClosedUsers = begin;
    this.#elu = performance.eventLoopUtilization();
    this.#cpu = process.cpuUsage();
    this.#running = this.#mine.length;
    this.#loops = this.#mine.map(
      (user, i) =>
        new UserLoop(
          user,
          this.#connections[i] as HttpConnection,
          this.#source,
          plan,
          this.#nowUs,
          (who, intendedUs, request, exchange) => {
            const failure = answerFailure(
              exchange,
              this.#plan.check,
              request.expectedTs,
              this.#plan.windows?.horizon ?? null,
            );
            this.#buffer.add(who, intendedUs, exchange, failure, request.text.length);
            if (this.#buffer.full) this.#flush();
          },
          () => {
            this.#running--;
            if (this.#running === 0) this.#finish();
          },
        ),
    );
    this.#ticker = setInterval(() => {
      this.#tick();
    }, TICK_MS);
    if (this.#running === 0) this.#finish();
    for (const loop of this.#loops) loop.start();
  }

  /** Sends nothing more; answers still missing after `graceMs` become timeouts. */
  end(graceMs: number): void {
    for (const loop of this.#loops) loop.stop();
    if (this.#running > 0) {
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
    const beforeUs = this.#nowUs() - ageMs * 1000;
    for (const { connection } of this.#loops) {
      if (connection.busySinceUs !== null && connection.busySinceUs <= beforeUs) {
        connection.giveUp({ kind: 'timeout', text });
      }
    }
  }

  #flush(): void {
    this.#send(this.#buffer.take(this.#phase));
  }

  #finish(): void {
    if (this.#ticker !== null) clearInterval(this.#ticker);
    if (!this.#buffer.empty) this.#flush();
    const elu = performance.eventLoopUtilization(this.#elu).utilization;
    const { user, system } = process.cpuUsage(this.#cpu);
    let connectionsOpened = 0;
    for (const connection of this.#connections) {
      connectionsOpened += connection.opened;
      connection.close();
    }
    this.#send({
      type: 'phase_done',
      phase: this.#phase,
      users: this.#mine.length,
      elu,
      cpuS: (user + system) / 1e6,
      connectionsOpened,
    });
  }
}
