// A server that does nothing but answer: raw sockets, requests told apart by their Content-Length, one small JSON answer.
// Forked, it sends {url}; as cheap as a server in this runtime gets, so that the generators' own cost shows.
import { createServer } from 'node:net';
import process from 'node:process';

const ANSWER = Buffer.from(
  'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\nConnection: keep-alive\r\n\r\n{"ok":true}',
);

function serve(socket) {
  socket.setNoDelay(true);
  let missing = 0;
  let head = '';
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    let rest = chunk;
    while (rest.length > 0) {
      if (missing === 0) {
        head += rest.latin1Slice(0, rest.length);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        missing = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
        rest = rest.subarray(rest.length - (head.length - end - 4));
        head = '';
        if (missing === 0) socket.write(ANSWER);
        if (missing === 0) continue;
      }
      const taken = Math.min(missing, rest.length);
      missing -= taken;
      rest = rest.subarray(taken);
      if (missing === 0) socket.write(ANSWER);
    }
  });
}

const server = createServer(serve);
server.listen(0, '127.0.0.1', () => process.send({ url: `http://127.0.0.1:${server.address().port}` }));
process.on('disconnect', () => process.exit(0));

// Never sleeps: waking an idle processor costs whoever wakes it more than a request (most of all in a virtual machine), and
// only generators that are slower than the server would pay for that.
function poll() {
  setImmediate(poll);
}
poll();
