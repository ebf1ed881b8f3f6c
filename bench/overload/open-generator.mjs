/**
 * Open load from a process of its own: requests are due at fixed instants, whatever the answers do, on as many
 * connections as it takes. Told {url, columns, horizon, timeoutMs, stages: [{perSecond, seconds}]}, it answers one
 * record a stage: {perSecond, sent, unsent, statuses, codes, okPerSecond, latencyMs of the answered, p95MsBySecond}.
 */
import { connect } from 'node:net';
import { makeRequests } from '../serve/request-bodies.mjs';

const MAX_CONNECTIONS = 4000;

class Stage {
  constructor({ perSecond, seconds }) {
    this.perSecond = perSecond;
    this.seconds = seconds;
    this.sent = 0;
    this.unsent = 0;
    this.statuses = {};
    this.codes = {};
    this.latenciesMs = [];
    this.bySecond = Array.from({ length: Math.ceil(seconds) }, () => []);
    /** How late the generator itself was, at most, by second. */
    this.lagMsBySecond = Array.from({ length: Math.ceil(seconds) }, () => 0);
  }

  note(status, code, sinceStartMs, latencyMs) {
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    if (code !== undefined) this.codes[code] = (this.codes[code] ?? 0) + 1;
    if (status !== '200') return;
    this.latenciesMs.push(latencyMs);
    this.bySecond[Math.floor(sinceStartMs / 1000)]?.push(latencyMs);
  }

  result() {
    const { perSecond, sent, unsent, statuses, codes } = this;
    return {
      perSecond,
      sent,
      unsent,
      statuses,
      codes,
      okPerSecond: this.bySecond.map((list) => list.length),
      latencyMs: {
        p50: percentile(this.latenciesMs, 0.5),
        p95: percentile(this.latenciesMs, 0.95),
        p99: percentile(this.latenciesMs, 0.99),
      },
      p95MsBySecond: this.bySecond.map((list) => percentile(list, 0.95)),
      lagMsBySecond: this.lagMsBySecond,
    };
  }
}

function percentile(values, q) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? null;
}

/** Connections that are opened when none is free. */
class Pool {
  #free = [];
  #open = 0;
  #target;

  constructor(target) {
    this.#target = target;
  }

  /** Sends and calls `done(status, body)` once; false when there are too many connections. */
  send(bytes, done) {
    const connection = this.#free.pop() ?? this.#connect();
    if (connection === null) return false;
    connection.done = done;
    connection.socket.write(bytes);
    return true;
  }

  close() {
    for (const { socket } of this.#free) socket.destroy();
  }

  #connect() {
    if (this.#open >= MAX_CONNECTIONS) return null;
    this.#open++;
    const socket = connect({ host: this.#target.hostname, port: Number(this.#target.port), noDelay: true });
    const connection = { socket, done: null, received: '' };
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => this.#take(connection, chunk));
    socket.on('error', (error) => this.#answer(connection, error.code, ''));
    socket.on('close', () => {
      this.#open--;
      this.#answer(connection, 'closed', '');
      this.#free = this.#free.filter((one) => one !== connection);
    });
    return connection;
  }

  #take(connection, chunk) {
    connection.received += chunk;
    const headEnd = connection.received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const head = connection.received.slice(0, headEnd).toLowerCase();
    const length = Number(/content-length: (\d+)/.exec(head)?.[1] ?? 0);
    if (connection.received.length < headEnd + 4 + length) return;
    const body = connection.received.slice(headEnd + 4);
    connection.received = '';
    const isLast = head.includes('connection: close');
    this.#answer(connection, head.slice(9, 12), body);
    if (isLast) connection.socket.end();
    else this.#free.push(connection);
  }

  #answer(connection, status, body) {
    const { done } = connection;
    connection.done = null;
    done?.(status, body);
  }
}

/** Sends what is due until the stage ends; resolves when all of it is answered. */
function drive(stage, pool, requests) {
  return new Promise((resolve) => {
    const startMs = performance.now();
    const total = Math.round(stage.perSecond * stage.seconds);
    let due = 0;
    let open = 0;
    const sendOne = () => {
      const dueMs = startMs + (due * 1000) / stage.perSecond;
      open++;
      const isSent = pool.send(requests[due % requests.length], (status, body) => {
        open--;
        const nowMs = performance.now();
        stage.note(status, /"code":"(\w+)"/.exec(body)?.[1], nowMs - startMs, nowMs - dueMs);
      });
      due++;
      if (isSent) {
        stage.sent++;
      } else {
        open--;
        stage.unsent++;
      }
    };
    let tickedMs = startMs;
    const tick = () => {
      const nowMs = performance.now();
      const second = Math.floor((nowMs - startMs) / 1000);
      if (second < stage.seconds) stage.lagMsBySecond[second] = Math.max(stage.lagMsBySecond[second], nowMs - tickedMs);
      tickedMs = nowMs;
      const dueNow = Math.min(total, Math.floor(((performance.now() - startMs) * stage.perSecond) / 1000));
      while (due < dueNow) sendOne();
      if (due >= total && open === 0) resolve();
      else setTimeout(tick, 1);
    };
    tick();
  });
}

process.on('message', async ({ url, columns, horizon, timeoutMs, stages }) => {
  const target = new URL(url);
  const requests = makeRequests(columns, target.host, horizon, `x-request-timeout-ms: ${timeoutMs}\r\n`);
  const pool = new Pool(target);
  const results = [];
  for (const one of stages) {
    const stage = new Stage(one);
    await drive(stage, pool, requests);
    results.push(stage.result());
  }
  pool.close();
  process.send(results);
});
