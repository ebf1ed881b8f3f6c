/**
 * Preloaded into a server: measures its event-loop delay between two messages of the parent, and says what CPU time
 * its HTTP thread and the whole process have used (what others do on the machine changes that little).
 */
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const RESOLUTION_MS = 10;

/** Nanoseconds on the CPU are the first figure of schedstat; null where the platform does not tell. */
function mainThreadUs() {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1000;
  } catch {
    return null;
  }
}

if (isMainThread && process.send !== undefined) {
  const monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  process.on('message', (message) => {
    if (message === 'start') {
      monitor.reset();
      monitor.enable();
    } else if (message === 'cpu') {
      const { user, system } = process.cpuUsage();
      process.send({ cpuUs: { httpThread: mainThreadUs(), process: user + system } });
    } else if (message === 'read') {
      monitor.disable();
      // What the sampler measures includes its own period.
      const ms = (ns) => Math.max(0, ns / 1e6 - RESOLUTION_MS);
      process.send({
        loopDelayMs: { p50: ms(monitor.percentile(50)), p99: ms(monitor.percentile(99)), max: ms(monitor.max) },
      });
    }
  });
  // The channel alone should not keep the process alive.
  process.channel.unref();
}
