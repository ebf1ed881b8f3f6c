import { type Clock, DrainRate, LinkedQueue, type Place } from '../serving/index.js';

/** How long one turn of the event loop may be spent on bodies. */
const TURN_BUDGET_US = 2000;
/**
 * The part of that which refusals may have while others wait. One costs half of an answer: with a part of their own
 * they cannot keep those from theirs that were let in, nor are they kept waiting for ever.
 */
const REFUSALS_SHARE = 1 / 8;
/**
 * While connections come, a turn may be spent on bodies for this part of what the last one took. libuv takes one
 * connection a turn, so thousands that come at once need many short turns; where turns are long for other reasons, most
 * of them must not pass without work.
 */
const ACCEPTING_SHARE = 1 / 16;

/** Work that waits for its turn: what begins it. */
export type Turn = Place<() => void>;

/**
 * Spreads the costly part of requests, from reading the body to the queue of the model, over turns of the event loop.
 * What is beyond the budget of a turn waits, first come, first served, for one of the next; so do refusals, for a part
 * of it. A turn stays short that way however many connections are ready at once: a client has no further request ready
 * before it is answered. Between turns the loop sees to timers, to probes and to new connections.
 */
export class RequestTurns {
  readonly #clock: Clock;
  /** In the order of their coming. */
  readonly #waiting = new LinkedQueue<Turn['member']>();
  /** Refusals that wait, in that order. */
  readonly #refusals = new LinkedQueue<Turn['member']>();
  readonly #rate = new DrainRate();
  /** How many of those that waited this turn began; 0 where that left nobody waiting. */
  #begun = 0;
  /** Until when this turn's budget lasts; null before its first request. */
  #untilUs: number | null = null;
  /** Whether a connection came in this turn, and in the last one. */
  #hasConnection = false;
  #hadConnection = false;
  #lastUs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** To be called for every new connection: more may wait behind it. */
  noteConnection(): void {
    this.#hasConnection = true;
  }

  /** How long the last turn took, µs: about as long as an answer waits until it is read. */
  get lastUs(): number {
    return this.#lastUs;
  }

  /** How long a request that comes now will wait, µs, as those did that were begun of late. */
  get waitUs(): number {
    return this.#rate.waitUs(this.#waiting.size);
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
    const isNext = this.#waiting.size === 0 && (queue === this.#waiting || this.#refusals.size === 0);
    if (!isNext || nowUs >= untilUs) return queue.add(begin);
    begin();
    return null;
  }

  /** Gives up a turn that has not come yet; otherwise nothing happens. */
  leave(turn: Turn): void {
    turn.queue?.remove(turn);
  }

  /** Until when the turn's budget lasts. */
  #startTurn(nowUs: number): number {
    const isAccepting = this.#hasConnection || this.#hadConnection;
    const untilUs = nowUs + Math.min(TURN_BUDGET_US, isAccepting ? this.#lastUs * ACCEPTING_SHARE : TURN_BUDGET_US);
    this.#untilUs = untilUs;
    this.#clock.afterTurn(() => {
      this.#endTurn(nowUs, this.#clock.nowUs());
    });
    return untilUs;
  }

  #endTurn(startUs: number, nowUs: number): void {
    this.#lastUs = nowUs - startUs;
    if (this.#begun > 0) this.#rate.note(this.#lastUs, this.#begun);
    this.#begun = 0;
    this.#untilUs = null;
    this.#hadConnection = this.#hasConnection;
    this.#hasConnection = false;
    if (this.#waiting.size === 0 && this.#refusals.size === 0) return;
    const untilUs = this.#startTurn(nowUs);
    const share = this.#waiting.size === 0 ? 1 : REFUSALS_SHARE;
    this.#begin(this.#refusals, nowUs + share * (untilUs - nowUs));
    const begun = this.#begin(this.#waiting, untilUs);
    if (this.#waiting.size > 0) this.#begun = begun;
  }

  /** Begins the first of the queue, and further ones while there is time; how many. */
  #begin(queue: LinkedQueue<Turn['member']>, untilUs: number): number {
    let begun = 0;
    let turn = queue.takeFirst();
    while (turn !== null) {
      turn();
      begun++;
      turn = this.#clock.nowUs() < untilUs ? queue.takeFirst() : null;
    }
    return begun;
  }
}
