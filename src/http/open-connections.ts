import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Connection, type ConnectionLives, LinkedQueue } from '../serving/index.js';

/**
 * Most requests of one connection that wait for their answer. Whoever sends more without reading (HTTP/1.1 pipelining)
 * is cut off: their requests would fill the queues, and their answers the memory.
 */
const MAX_UNANSWERED = 16;

interface OpenConnection {
  readonly life: Connection;
  /** What is to be done when a request ends, for each that has not. */
  readonly unanswered: LinkedQueue<() => void>;
}

/** The connections of a server, by their sockets: how long they live, and the requests that wait on them. */
export class OpenConnections {
  readonly #connections = new WeakMap<Socket, OpenConnection>();
  readonly #lives: ConnectionLives;

  constructor(lives: ConnectionLives) {
    this.#lives = lives;
  }

  /** Looks after every connection that the server will take. */
  watch(server: Server): void {
    server.on('connection', (socket) => {
      const connection = { life: this.#lives.open(), unanswered: new LinkedQueue<() => void>() };
      this.#connections.set(socket, connection);
      // Replies that wait behind others on their connection are told nothing when it closes.
      socket.once('close', () => {
        const { unanswered } = connection;
        for (let place = unanswered.first; place !== null; place = unanswered.first) place.member();
      });
    });
  }

  /** Whether the connection may have one more request; if not, it is closed. */
  admit(socket: Socket): boolean {
    const connection = this.#connections.get(socket);
    if (connection === undefined || connection.unanswered.size < MAX_UNANSWERED) return !socket.destroyed;
    socket.destroy();
    return false;
  }

  /** Calls `onEnd` once, when the reply is out or the client has gone. */
  follow(socket: Socket, response: ServerResponse, onEnd: () => void): void {
    const unanswered = this.#connections.get(socket)?.unanswered;
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      place?.queue?.remove(place);
      onEnd();
    };
    const place = unanswered?.add(end);
    response.once('close', end);
  }

  /** To be called once for every answer, when it goes out; whether the connection should close after it. */
  noteAnswer(socket: Socket, nowUs: number): boolean {
    return this.#connections.get(socket)?.life.noteAnswer(nowUs) ?? false;
  }
}
