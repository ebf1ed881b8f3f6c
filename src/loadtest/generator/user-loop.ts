import { type ClosedUsers, firstDueUs, nextDueUs } from '../../domain/arrivals/index.js';
import type { RecordRequest } from './crew.js';
import type { Connection, Exchange } from './http-connection.js';
import type { PreparedRequest, RequestSource } from './request-source.js';

/** Below this a timer is too coarse: the rest of the wait is polled between events. */
const TIMER_GRAIN_US = 1_500;
/** The same before the first request: all users start at once, and one late timer would make all of them late. */
const START_GRAIN_US = 10_000;

/** One closed user: sends, waits, thinks, sends again, until the plan or `stop` ends it. */
export class UserLoop {
  readonly #user: number;
  readonly #connection: Connection;
  readonly #source: RequestSource;
  readonly #plan: ClosedUsers;
  readonly #nowUs: () => number;
  readonly #record: RecordRequest;
  readonly #finished: () => void;
  #next: PreparedRequest;
  #sent = 0;
  #over = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    user: number,
    connection: Connection,
    source: RequestSource,
    plan: ClosedUsers,
    nowUs: () => number,
    record: RecordRequest,
    finished: () => void,
  ) {
    this.#user = user;
    this.#connection = connection;
    this.#source = source;
    this.#plan = plan;
    this.#nowUs = nowUs;
    this.#record = record;
    this.#finished = finished;
    this.#next = source.next();
  }

  start(): void {
    const dueUs = firstDueUs(this.#plan, this.#user);
    if (dueUs !== null) this.#sendAt(dueUs, START_GRAIN_US);
    else this.#finish();
  }

  /** Sends nothing more; an answer under way is still awaited and recorded. */
  stop(): void {
    if (this.#over) return;
    if (this.#connection.busySinceUs === null) this.#finish();
    else this.#sent = Number.POSITIVE_INFINITY; // the answer under way ends it
  }

  #sendAt(dueUs: number, grainUs = TIMER_GRAIN_US): void {
    if (this.#over) return;
    const waitUs = dueUs - this.#nowUs();
    if (waitUs <= 0) this.#send(dueUs);
    else if (waitUs < grainUs)
      setImmediate(() => {
        this.#sendAt(dueUs, grainUs);
      });
    else {
      this.#timer = setTimeout(
        () => {
          this.#timer = null;
          this.#sendAt(dueUs, grainUs);
        },
        Math.floor((waitUs - grainUs / 2) / 1000),
      );
    }
  }

  #send(dueUs: number): void {
    const request = this.#next;
    this.#connection.exchange(request.bytes, (exchange) => {
      this.#answered(dueUs, request, exchange);
    });
    this.#next = this.#source.next();
  }

  #answered(intendedUs: number, request: PreparedRequest, exchange: Exchange): void {
    this.#sent++;
    const nextUs = nextDueUs(this.#plan, this.#user, this.#sent, exchange.doneUs, exchange.failure?.kind === 'connect');
    // First the next request, then the book-keeping: nothing but the think time stands between answer and request.
    if (nextUs !== null) this.#sendAt(nextUs);
    this.#record(this.#user, intendedUs, request, exchange);
    if (nextUs === null) this.#finish();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#finished();
  }
}
