import { createServer } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { FltsError } from '../contract/index.js';

/**
 * Connections that the kernel holds until they are accepted (it takes at most net.core.somaxconn of them). One that
 * finds no place tries again after 1, 3, 7 seconds: with Node's 511 a burst of clients was that late.
 */
const BACKLOG = 4096;

/** Starts listening; the URL under which the service is reached. Throws FLTS_PORT_IN_USE or FLTS_CANNOT_LISTEN. */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port, backlog: BACKLOG });
  } catch (error) {
    throw explained(error, host, port);
  }
}

/** A port that can be listened on right now: `port` itself, or a free one for 0. Throws as `listen` does. */
export async function findPort(host: string, port: number): Promise<number> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, resolve);
    });
  } catch (error) {
    throw explained(error, host, port);
  }
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : port;
}

function explained(error: unknown, host: string, port: number): FltsError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    return new FltsError('FLTS_PORT_IN_USE', `Port ${port} on ${host} is taken by another process.`, { cause: error });
  }
  return new FltsError('FLTS_CANNOT_LISTEN', `The service cannot listen on ${host}:${port}: ${message}.`, {
    cause: error,
  });
}
