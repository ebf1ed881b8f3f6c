import { arrivalTimes, type LoadPlan, type OpenArrivals, planEndUs } from '../../domain/arrivals/index.js';
import type { Crew, RecordRequest } from './crew.js';
import type { Connection, Exchange, ExchangeFailure } from './http-connection.js';
import type { OpenAccount } from './messages.js';
import { Pacer } from './pacer.js';
import type { PreparedRequest, RequestSource } from './request-source.js';

/** Arrivals that wait for a connection at most; what comes beyond is dropped and counted. */
const WAITING_MAX = 10_000;
/** Connections that are opened before the phase: enough for answers of this length. */
const OPEN_AHEAD_S = 0.1;

interface Arrival {
  readonly intendedUs: number;
  readonly takenUs: number;
  readonly request: PreparedRequest;
}

/**
 * This generator's share of open arrivals over a pool of connections that grows up to `maxInFlight`. An arrival that
 * finds every connection busy waits for one: that wait is the target's slowness, belongs to the response time, and is
 * kept apart from the generator's own lag.
 */
export class OpenCrew implements Crew {
  readonly #share: { readonly generator: number; readonly generators: number; readonly epochMs: number };
  readonly #source: RequestSource;
  readonly #connect: () => Connection;
  readonly #nowUs: () => number;
  readonly #maxInFlight: number;
  readonly #failed: (error: Error) => void;
  readonly connections: Connection[];
  readonly #idle: Connection[];
  readonly users = 0;
  #waiting: Arrival[] = [];
  #waitingFrom = 0;
  #pacer: Pacer | null = null;
  #due: Iterator<number, void> | null = null;
  #nextUs: number | null = null;
  #nextRequest: PreparedRequest;
  #record: RecordRequest | null = null;
  #finished: (() => void) | null = null;
  #startUs = 0;
  #endUs = 0;
  #counts = { due: 0, started: 0, dropped: 0 };
  #underWay = 0;
  #changedUs = 0;
  #inFlightUs = 0;

  constructor(
    plan: OpenArrivals,
    share: { readonly generator: number; readonly generators: number; readonly epochMs: number },
    maxInFlight: number,
    source: RequestSource,
    connect: () => Connection,
    nowUs: () => number,
    failed: (error: Error) => void,
  ) {
    this.#share = share;
    this.#source = source;
    this.#connect = connect;
    this.#nowUs = nowUs;
    this.#maxInFlight = maxInFlight;
    this.#failed = failed;
    const rate = Math.max(...plan.profile.map(({ fromPerS, toPerS }) => Math.max(fromPerS, toPerS)));
    const ahead = Math.ceil((rate / share.generators) * OPEN_AHEAD_S);
    this.connections = Array.from({ length: Math.max(1, Math.min(maxInFlight, ahead)) }, connect);
    this.#idle = [...this.connections];
    this.#nextRequest = source.next();
  }

  get account(): OpenAccount {
    return { ...this.#counts, inFlightUs: this.#inFlightUs };
  }

  start(plan: LoadPlan, record: RecordRequest, finished: () => void): void {
    if (plan.mode !== 'open') throw new Error('open arrivals cannot follow closed users');
    const { generator, generators, epochMs } = this.#share;
    this.#record = record;
    this.#finished = finished;
    this.#startUs = plan.startUs;
    this.#changedUs = plan.startUs;
    this.#endUs = planEndUs(plan);
    this.#due = arrivalTimes(plan, generator, generators);
    this.#advance();
    this.#pacer = new Pacer(
      { plan, generator, generators, epochMs },
      () => {
        this.#takeDue();
      },
      this.#failed,
    );
  }

  stop(): void {
    this.#nextUs = null;
    this.#waiting = [];
    this.#waitingFrom = 0;
    this.#endIfDone();
  }

  expire(beforeUs: number, failure: ExchangeFailure): void {
    for (const connection of this.connections) {
      if (connection.busySinceUs !== null && connection.busySinceUs <= beforeUs) connection.giveUp(failure);
    }
    // In order of time: the oldest first.
    for (
      let arrival = this.#waiting[this.#waitingFrom];
      arrival !== undefined;
      arrival = this.#waiting[this.#waitingFrom]
    ) {
      if (arrival.takenUs > beforeUs) break;
      this.#waitingFrom++;
      const doneUs = this.#nowUs();
      const never = { firstByteUs: null, bytesIn: 0, answer: null, failure };
      this.#count(-1, doneUs);
      this.#record?.(0, arrival.intendedUs, arrival.request, {
        sentUs: doneUs,
        connectionWaitUs: doneUs - arrival.takenUs,
        doneUs,
        ...never,
      });
    }
    this.#endIfDone();
  }

  #advance(): void {
    const next = this.#due?.next();
    this.#nextUs = next === undefined || next.done === true ? null : next.value;
  }

  #takeDue(): void {
    while (this.#nextUs !== null && this.#nextUs <= this.#nowUs()) {
      const intendedUs = this.#nextUs;
      this.#advance();
      this.#take(intendedUs);
    }
    this.#endIfDone();
  }

  #take(intendedUs: number): void {
    const takenUs = this.#nowUs();
    this.#counts.due++;
    const connection = this.#idle.pop() ?? this.#grow();
    if (connection === null && this.#waiting.length - this.#waitingFrom >= WAITING_MAX) {
      this.#counts.dropped++;
      return;
    }
    if (takenUs < this.#endUs) this.#counts.started++;
    this.#count(1, takenUs);
    const arrival = { intendedUs, takenUs, request: this.#nextRequest };
    if (connection === null) this.#waiting.push(arrival);
    else this.#send(connection, arrival);
    this.#nextRequest = this.#source.next();
  }

  #grow(): Connection | null {
    if (this.connections.length >= this.#maxInFlight) return null;
    const connection = this.#connect();
    this.connections.push(connection);
    return connection;
  }

  #send(connection: Connection, arrival: Arrival): void {
    connection.exchange(arrival.request.bytes, (exchange) => {
      this.#answered(connection, arrival, exchange);
    });
  }

  #answered(connection: Connection, arrival: Arrival, exchange: Exchange): void {
    this.#count(-1, exchange.doneUs);
    const next = this.#waiting[this.#waitingFrom];
    if (next === undefined) {
      this.#idle.push(connection);
      this.#waiting = [];
      this.#waitingFrom = 0;
    } else {
      this.#waitingFrom++;
      this.#send(connection, next);
    }
    const connectionWaitUs = exchange.sentUs - arrival.takenUs;
    this.#record?.(0, arrival.intendedUs, arrival.request, { ...exchange, connectionWaitUs });
    this.#endIfDone();
  }

  /** Keeps the integral of the requests under way, inside the phase. */
  #count(change: number, atUs: number): void {
    const nowUs = Math.min(Math.max(atUs, this.#startUs), this.#endUs);
    this.#inFlightUs += this.#underWay * (nowUs - this.#changedUs);
    this.#changedUs = nowUs;
    this.#underWay += change;
  }

  #endIfDone(): void {
    if (this.#nextUs !== null || this.#underWay > 0 || this.#finished === null) return;
    const finished = this.#finished;
    this.#finished = null;
    this.#pacer?.stop();
    finished();
  }
}
