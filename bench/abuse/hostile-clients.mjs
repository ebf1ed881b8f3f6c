/** Clients that no service should suffer from. Each keeps at it until told to stop, on a new connection when it lost one. */
import { connect } from 'node:net';

/** How often a slow sender sends a byte, ms. */
const DRIP_MS = 100;
/** Requests that a pipelining client sends in one breath, without reading a single answer. */
const PIPELINED = 500;

/** The status of the first answer on a connection, or why there was none. */
function outcomeOf(received, error) {
  const status = /^HTTP\/1\.1 (\d{3})/.exec(received)?.[1];
  return status ?? error ?? (received === '' ? 'closed' : 'no HTTP');
}

/** Opens connections one after the other; `begin(socket)` is called on each, and may return what ends its efforts. */
function keepConnecting(target, begin, counts, live) {
  const open = () => {
    if (live.stopped) return;
    const socket = connect({ host: target.hostname, port: Number(target.port), noDelay: true });
    live.sockets.add(socket);
    let received = '';
    let failure = null;
    let end = () => undefined;
    socket.on('connect', () => {
      end = begin(socket) ?? end;
    });
    socket.on('data', (chunk) => {
      if (received.length < 16) received += chunk.latin1Slice(0, 16);
    });
    socket.on('error', (error) => {
      failure = error.code;
    });
    socket.on('close', () => {
      end();
      live.sockets.delete(socket);
      if (!live.stopped) counts[outcomeOf(received, failure)] = (counts[outcomeOf(received, failure)] ?? 0) + 1;
      // Not at once: a refused client would only measure itself.
      setTimeout(open, 50).unref();
    });
  };
  open();
}

function drip(socket, byte) {
  const timer = setInterval(() => socket.write(byte), DRIP_MS);
  return () => clearInterval(timer);
}

function pseudoRandomBytes(count, seed) {
  let state = seed;
  return Buffer.from(
    Array.from({ length: count }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    }),
  );
}

/** Every kind of attack: what one client of it does with a connection. `key`: an API key; `body`: a good request's. */
function attacks(key, body) {
  const head = (length) =>
    `POST /predict HTTP/1.1\r\nhost: x\r\nx-api-key: ${key}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;
  const pipeline = Buffer.from(`${head(Buffer.byteLength(body))}${body}`.repeat(PIPELINED));
  const nonsense = Buffer.from('GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(PIPELINED));
  let seed = 1;
  return {
    slowHeaders: (socket) => {
      socket.write('POST /predict HTTP/1.1\r\nhost: x\r\nx-slow: ');
      return drip(socket, 'a');
    },
    slowBodies: (socket) => {
      socket.write(head(8_000_000));
      return drip(socket, ' ');
    },
    garbage: (socket) => {
      socket.write(pseudoRandomBytes(4096, seed++));
    },
    hugeHeaders: (socket) => {
      socket.write(`GET / HTTP/1.1\r\nx-huge: ${'a'.repeat(100_000)}\r\n\r\n`);
    },
    // Good requests, then garbage; not one answer is read.
    pipelined: (socket) => {
      socket.pause();
      socket.write(pipeline);
      socket.write(nonsense);
      socket.write(pseudoRandomBytes(4096, seed++));
    },
  };
}

/**
 * Starts `each` clients of every attack; they share one API key. The answer's `outcomes` say how their connections ended, by attack; `stop`
 * ends them.
 */
export function startHostile(url, each, key, body) {
  const target = new URL(url);
  const live = { stopped: false, sockets: new Set() };
  const outcomes = {};
  for (const [name, begin] of Object.entries(attacks(key, body))) {
    outcomes[name] = {};
    for (let i = 0; i < each; i++) keepConnecting(target, begin, outcomes[name], live);
  }
  return {
    outcomes,
    stop: () => {
      live.stopped = true;
      for (const socket of live.sockets) socket.destroy();
    },
  };
}

/** Opens `count` connections that ask once and then say nothing more; resolves when all are open. */
export async function openIdle(url, count) {
  const target = new URL(url);
  const sockets = [];
  let closed = 0;
  const open = () =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: target.hostname, port: Number(target.port) });
      sockets.push(socket);
      socket.once('error', reject);
      socket.once('data', resolve);
      socket.once('close', () => closed++);
      socket.write('GET /livez HTTP/1.1\r\nhost: x\r\n\r\n');
    });
  // In small groups: a burst would overflow the kernel's queue, which is no fault of the service.
  for (let opened = 0; opened < count; opened += 100) {
    await Promise.all(Array.from({ length: Math.min(100, count - opened) }, open));
  }
  return {
    closed: () => closed,
    close: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}
