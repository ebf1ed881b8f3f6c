// A way to a server that takes so many ms in each direction: node delay-relay.mjs TARGET_PORT MS prints its port.
import { connect, createServer } from 'node:net';
import process from 'node:process';

const [targetPort, ms] = process.argv.slice(2).map(Number);

/** Bytes arrive later, in their order. */
function later(from, to) {
  from.on('data', (chunk) => setTimeout(() => to.write(chunk), ms));
  from.on('close', () => setTimeout(() => to.destroy(), ms));
  from.on('error', () => to.destroy());
}

const server = createServer({ noDelay: true }, (client) => {
  const target = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
  later(client, target);
  later(target, client);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.on('disconnect', () => process.exit(0));
