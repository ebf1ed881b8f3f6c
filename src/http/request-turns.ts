import { type Clock, LinkedQueue, type Place } from '../serving/index.js';

/** How long one turn of the event loop may be spent on bodies. */
const TURN_BUDGET_US = 2000;
/** The same while connections come: libuv takes one a turn, so thousands that come at once need many short turns. */
const ACCEPTING_BUDGET_US = 200;

/** Work that waits for its turn. */
export type Turn = Place<{ readonly sinceUs: number; readonly begin: () => void }>;

/**
 * Spreads the costly part of requests, from reading the body to the queue of the model, over turns of the event loop.
 * What is beyond the budget of a turn waits, first come, first served, for one of the next; refusals wait behind it. A
 * turn stays short that way however many connections are ready at once: a client has no further request ready before
 * it is answered. Between turns the loop sees to timers, to probes and to new connections.
 */
export class RequestTurns {
  readonly #clock: Clock;
  /** In the order of their coming. */
  readonly #waiting = new LinkedQueue<Turn['member']>();
  /** Refusals that wait: behind all that was let in, but for one a turn. */
  readonly #refusals = new LinkedQueue<Turn['member']>();
  /** Until when this turn's budget lasts; null before its first request. */
  #untilUs: number | null = null;
  /** Whether a connection came in this turn, and in the last one. */
  #hasConnection = false;
  #hadConnection = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** To be called for every new connection: more may wait behind it. */
  noteConnection(): void {
    this.#hasConnection = true;
  }

  /** How long a request that comes now will wait, µs: as long as the one whose turn is next has waited. */
  get waitUs(): number {
    const next = this.#waiting.first;
    return next === null ? 0 : this.#clock.nowUs() - next.member.sinceUs;
  }

  /** Calls `begin` now, or in a later turn; then the answer is what `leave` takes. `nowUs`: the time, read just now. */
  take(nowUs: number, begin: () => void): Turn | null {
    return this.#take(this.#waiting, nowUs, begin);
  }

  /** The same for the reply to a request that was refused by its head. */
  takeRefusal(nowUs: number, begin: () => void): Turn | null {
    return this.#take(this.#refusals, nowUs, begin);
  }

  #take(queue: LinkedQueue<Turn['member']>, nowUs: number, begin: () => void): Turn | null {
    const untilUs = this.#untilUs ?? this.#startTurn(nowUs);
    if (this.#waiting.size === 0 && this.#refusals.size === 0 && nowUs < untilUs) {
      begin();
      return null;
    }
    return queue.add({ sinceUs: nowUs, begin });
  }

  /** Gives up a turn that has not come yet; otherwise nothing happens. */
  leave(turn: Turn): void {
    turn.queue?.remove(turn);
  }

  /** Until when the turn's budget lasts. */
  #startTurn(nowUs: number): number {
    const isAccepting = this.#hasConnection || this.#hadConnection;
    const untilUs = nowUs + (isAccepting ? ACCEPTING_BUDGET_US : TURN_BUDGET_US);
    this.#untilUs = untilUs;
    this.#clock.afterTurn(() => {
      this.#untilUs = null;
      this.#hadConnection = this.#hasConnection;
      this.#hasConnection = false;
      this.#continue();
    });
    return untilUs;
  }

  #continue(): void {
    if (this.#waiting.size === 0 && this.#refusals.size === 0) return;
    const untilUs = this.#startTurn(this.#clock.nowUs());
    // One refusal a turn, whoever else waits: its client is not to wait for ever.
    let turn = this.#refusals.takeFirst() ?? this.#waiting.takeFirst();
    while (turn !== null) {
      turn.begin();
      if (this.#clock.nowUs() >= untilUs) return;
      turn = this.#waiting.takeFirst() ?? this.#refusals.takeFirst();
    }
  }
}
