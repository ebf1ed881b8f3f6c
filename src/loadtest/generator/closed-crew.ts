import { type ClosedUsers, type LoadPlan, usersOf } from '../../domain/arrivals/index.js';
import type { Crew, RecordRequest } from './crew.js';
import type { Connection, ExchangeFailure } from './http-connection.js';
import type { RequestSource } from './request-source.js';
import { UserLoop } from './user-loop.js';

/** This generator's share of closed users, each with a connection of its own. */
export class ClosedCrew implements Crew {
  readonly #mine: readonly number[];
  readonly #source: RequestSource;
  readonly #nowUs: () => number;
  readonly connections: readonly Connection[];
  readonly account = null;
  #loops: UserLoop[] = [];

  constructor(
    plan: ClosedUsers,
    share: { readonly generator: number; readonly generators: number },
    source: RequestSource,
    connect: () => Connection,
    nowUs: () => number,
  ) {
    this.#mine = usersOf(plan.users, share.generator, share.generators);
    this.#source = source;
    this.#nowUs = nowUs;
    this.connections = this.#mine.map(connect);
  }

  get users(): number {
    return this.#mine.length;
  }

  start(plan: LoadPlan, record: RecordRequest, finished: () => void): void {
    if (plan.mode !== 'closed') throw new Error('closed users cannot follow open arrivals');
    let running = this.#mine.length;
    if (running === 0) finished();
    const one = (): void => {
      if (--running === 0) finished();
    };
    this.#loops = this.#mine.map(
      (user, i) => new UserLoop(user, this.connections[i] as Connection, this.#source, plan, this.#nowUs, record, one),
    );
    for (const loop of this.#loops) loop.start();
  }

  stop(): void {
    for (const loop of this.#loops) loop.stop();
  }

  expire(beforeUs: number, failure: ExchangeFailure): void {
    for (const connection of this.connections) {
      if (connection.busySinceUs !== null && connection.busySinceUs <= beforeUs) connection.giveUp(failure);
    }
  }
}
