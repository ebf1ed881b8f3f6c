import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadAnswerError, type HttpAnswer, ResponseParser } from './response-parser.js';

/** Feeds the text cut at the given places; the answer must be complete at the last piece, not before. */
function parse(text: string, cuts: readonly number[] = []): HttpAnswer | null {
  const parser = new ResponseParser();
  const bytes = Buffer.from(text, 'latin1');
  const places = [...new Set([0, ...cuts.map((cut) => cut % bytes.length), bytes.length])].sort((a, b) => a - b);
  let answer: HttpAnswer | null = null;
  for (let i = 1; i < places.length; i++) {
    expect(answer).toBeNull();
    // What was pushed is written over afterwards, as sockets do.
    const chunk = Buffer.from(bytes.subarray(places[i - 1], places[i]));
    answer = parser.push(chunk);
    chunk.fill('#');
  }
  return answer;
}

const PLAIN = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer-Timing: exec;dur=1\r\nX-Replica-Id: r1\r\n\r\nhello';
const CHUNKED =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: 1\r\n\r\n';

describe('ResponseParser', () => {
  it('reads bodies by length and in chunks, wherever the network cuts them', () => {
    fc.assert(
      fc.property(fc.constantFrom(PLAIN, CHUNKED), fc.array(fc.nat(200), { maxLength: 8 }), (text, cuts) => {
        const answer = parse(text, cuts);
        expect(answer?.status).toBe(200);
        expect(answer?.body.toString()).toBe('hello');
        expect(answer?.keepAlive).toBe(true);
      }),
    );
    expect(parse(PLAIN)).toMatchObject({ serverTiming: 'exec;dur=1', replica: 'r1', runId: '' });
  });

  it('skips interim answers and knows answers without a body', () => {
    expect(parse(`HTTP/1.1 100 Continue\r\n\r\n${PLAIN}`)?.status).toBe(200);
    expect(parse('HTTP/1.1 204 No Content\r\n\r\n')?.body.length).toBe(0);
    expect(parse('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')?.body.length).toBe(0);
  });

  it('knows when a connection cannot be used again', () => {
    expect(parse('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')?.keepAlive).toBe(false);
    expect(parse('HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n')?.keepAlive).toBe(false);
    expect(parse('HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n')?.keepAlive).toBe(true);
  });

  it('lets a body without a length last until the end of the connection', () => {
    const parser = new ResponseParser();
    expect(parser.push(Buffer.from('HTTP/1.1 200 OK\r\n\r\nhel'))).toBeNull();
    expect(parser.push(Buffer.from('lo'))).toBeNull();
    expect(parser.end()).toMatchObject({ status: 200, keepAlive: false });
  });

  it('tells an end before an answer from an end inside one', () => {
    expect(new ResponseParser().end()).toBeNull();
    const parser = new ResponseParser();
    parser.push(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel'));
    expect(() => parser.end()).toThrow('ended inside an answer');
  });

  it.each([
    ['garbage\r\n\r\n', 'not an HTTP answer'],
    ['HTTP/1.1 200 OK\r\nno colon\r\n\r\n', 'without a name'],
    ['HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n', 'content-length is "-1"'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx', 'two different'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n', 'a body of 99999999999 bytes'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n', 'transfer-encoding is "gzip"'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 'a chunk size of "zz"'],
    [`${PLAIN}more`, '4 bytes beyond'],
    [`HTTP/1.1 200 OK\r\nX: ${'y'.repeat(70_000)}`, 'a head of over'],
  ])('refuses %j', (text, problem) => {
    expect(() => new ResponseParser().push(Buffer.from(text))).toThrow(BadAnswerError);
    expect(() => new ResponseParser().push(Buffer.from(text))).toThrow(problem);
  });

  it('is ready again after reset', () => {
    const parser = new ResponseParser();
    parser.push(Buffer.from('HTTP/1.1 200 OK\r\nContent-Le'));
    parser.reset();
    expect(parser.push(Buffer.from(PLAIN))?.body.toString()).toBe('hello');
  });
});
