// autocannon in a process of its own: told {url, connections, seconds, body}, answers {requests, errors, cpuS}, the CPU
// that this process took from the first request to the last.
import process from 'node:process';
import autocannon from 'autocannon';

process.once('message', ({ url, connections, seconds, body }) => {
  const before = process.cpuUsage();
  autocannon(
    { url, connections, duration: seconds, method: 'POST', headers: { 'content-type': 'application/json' }, body },
    (error, result) => {
      if (error) throw error;
      const { user, system } = process.cpuUsage(before);
      process.send({ requests: result['2xx'], errors: result.errors + result.non2xx, cpuS: (user + system) / 1e6 });
      process.disconnect();
    },
  );
});
