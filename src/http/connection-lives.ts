import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionBounds, ConnectionLife } from '../domain/admission/index.js';
import { allotLife, type Clock, isLastAnswer, type Random } from '../serving/index.js';

interface Connection {
  readonly life: ConnectionLife;
  requests: number;
}

/**
 * Knows when an answer should be the last on its connection. A client that keeps one connection for ever would never
 * come to a replica that was added after it.
 */
export class ConnectionLives {
  readonly #connections = new WeakMap<Socket, Connection>();
  readonly #bounds: ConnectionBounds;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(bounds: ConnectionBounds, clock: Clock, random: Random) {
    this.#bounds = bounds;
    this.#clock = clock;
    this.#random = random;
  }

  /** Allots a life to every connection that the server will take. */
  watch(server: Server): void {
    server.on('connection', (socket) => {
      const life = allotLife(this.#bounds, this.#random.next(), this.#clock.nowUs());
      this.#connections.set(socket, { life, requests: 0 });
    });
  }

  /** To be called once for every answer, when it goes out; whether the connection should close after it. */
  noteAnswer(socket: Socket, nowUs: number): boolean {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return false;
    connection.requests++;
    return isLastAnswer(connection.life, connection.requests, nowUs);
  }
}
