import type { FastifyInstance } from 'fastify';
import { FltsError } from '../contract/index.js';

/** Starts listening; the URL under which the service is reached. Throws FLTS_PORT_IN_USE or FLTS_CANNOT_LISTEN. */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new FltsError('FLTS_PORT_IN_USE', `Port ${port} on ${host} is taken by another process.`, { cause: error });
    }
    throw new FltsError('FLTS_CANNOT_LISTEN', `The service cannot listen on ${host}:${port}: ${message}.`, {
      cause: error,
    });
  }
}
