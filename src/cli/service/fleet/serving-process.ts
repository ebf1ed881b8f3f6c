/**
 * A serving process of several that share a port: started by the first process (fleet.ts), which tells it what to do
 * over the channel between them. Without that channel it finishes what it has and ends.
 */
import cluster from 'node:cluster';
import process from 'node:process';
import { Terminal } from '../../terminal.js';
import { FltsError } from '../../../contract/index.js';
import type { Log } from '../../../serving/index.js';
import { serviceLog } from '../service-log.js';
import { type RunningService, startService } from '../start-service.js';
import { type LinkMessage, ProcessLink } from './process-link.js';
import type { StartOrder } from './questions.js';
import { SharedMachine } from './shared-machine.js';

/** How long the first process may take to note that this one is here, or what it had counted when it leaves. */
const NOTICE_MS = 2_000;

let running: RunningService | null = null;

const link = new ProcessLink(
  {
    send: (message, onFailed) => {
      process.send?.(message, undefined, {}, (error) => {
        if (error !== null) onFailed(error);
      });
    },
  },
  {
    start: (order) => start(order),
    figures: () => Promise.resolve(service().local.figures()),
    metrics: () => service().local.metricsSnapshot(),
    index: () => service().local.index(),
    reload: () => service().local.reload(),
    scale: (workers) => service().local.scaleWorkers(workers),
    stop: async () => ({ isClean: await leave() }),
  },
);

function service(): RunningService {
  if (running === null) throw new FltsError('FLTS_PROCESS_FAILED', 'The process has not started yet.');
  return running;
}

async function start(order: StartOrder): Promise<{ url: string }> {
  const { settings, version, replicaId, slot, listensWhenReady } = order;
  const log = naming(slot, serviceLog(new Terminal(process.stdout, process.stderr, process.env), settings.logLevel));
  const share = { replicaId, machine: new SharedMachine(link), listensWhenReady };
  running = await startService({ settings, log, version, share });
  return { url: running.url };
}

/** Answers what is under way, and says what was counted; true when nothing was lost. */
async function leave(): Promise<boolean> {
  const isClean = (await running?.stop()) ?? true;
  if (running !== null && process.connected) {
    const record = { figures: running.local.figures(), metrics: await running.local.metricsSnapshot() };
    await link.ask('leaving', record, NOTICE_MS);
  }
  return isClean;
}

function end(): void {
  leave().then(
    () => process.exit(0),
    () => process.exit(1),
  );
}

/** Every event says which of the processes it is of. */
function naming(slot: number, log: Log): Log {
  return {
    info: (event, facts) => {
      log.info(event, { process: slot, ...facts });
    },
    warn: (event, facts) => {
      log.warn(event, { process: slot, ...facts });
    },
    error: (event, facts) => {
      log.error(event, { process: slot, ...facts });
    },
  };
}

// A terminal sends Ctrl-C to all processes at once; the first process decides what it means.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', end);
process.on('message', (message: LinkMessage) => {
  link.receive(message);
});
link.ask('awake', null, NOTICE_MS).catch(() => {
  // Nobody is there to serve for; the channel's end says so, too.
  end();
});
// Else node:cluster ends a process at once when its channel ends, and its requests with it.
if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
process.on('disconnect', () => {
  link.close('the first process is gone');
  end();
});
