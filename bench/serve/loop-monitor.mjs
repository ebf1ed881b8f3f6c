/** Preloaded into the served process: measures its event-loop delay between two messages of the parent. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const RESOLUTION_MS = 10;
if (isMainThread && process.send !== undefined) {
  const monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  process.on('message', (message) => {
    if (message === 'start') {
      monitor.reset();
      monitor.enable();
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
