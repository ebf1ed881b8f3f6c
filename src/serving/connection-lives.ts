import { allotLife, type ConnectionBounds, type ConnectionLife, isLastAnswer } from '../domain/admission/index.js';
import type { Clock, Random } from './ports.js';

/** One connection's life; it is over with the answer that uses up its requests or comes after its time. */
export class Connection {
  readonly #life: ConnectionLife;
  #answers = 0;

  constructor(life: ConnectionLife) {
    this.#life = life;
  }

  /** To be called once for every answer, when it goes out; whether the connection should close after it. */
  noteAnswer(nowUs: number): boolean {
    this.#answers++;
    return isLastAnswer(this.#life, this.#answers, nowUs);
  }
}

/**
 * Allots connections their lives. A client that keeps one connection for ever would never come to a replica that was
 * added after it.
 */
export class ConnectionLives {
  readonly #bounds: ConnectionBounds;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(bounds: ConnectionBounds, clock: Clock, random: Random) {
    this.#bounds = bounds;
    this.#clock = clock;
    this.#random = random;
  }

  open(): Connection {
    return new Connection(allotLife(this.#bounds, this.#random.next(), this.#clock.nowUs()));
  }
}
