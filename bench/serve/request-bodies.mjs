/** Requests in the seed's shape: 30 rows of 11 columns, values as large as in cell traffic. */
const VARIANTS = 1024;
const ROWS = 30;

function makeBodies(columns, horizon) {
  let state = 12345;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Array.from({ length: VARIANTS }, (_, v) => {
    const start = Date.UTC(2018, 1, 5) + v * 120_000;
    const data = {
      ts: Array.from({ length: ROWS }, (_r, r) =>
        new Date(start + r * 120_000).toISOString().slice(0, 19).replace('T', ' '),
      ),
    };
    // Magnitudes as in cell traffic: bytes, counts, schemes, shares, tiny variances.
    const scales = [1e8, 2e6, 1e4, 15, 90, 15, 60, 0.03, 4e-8, 5e-4, 3e-8];
    columns.forEach((name, c) => {
      data[name] = Array.from({ length: ROWS }, () =>
        c < 3 ? Math.round(random() * scales[c]) : random() * scales[c],
      );
    });
    return JSON.stringify({ data, inference_length: horizon });
  });
}

/** Whole HTTP requests, each with other values; `headers` are lines that end with CRLF. */
export function makeRequests(columns, host, horizon, headers = '') {
  return makeBodies(columns, horizon).map((body) =>
    Buffer.from(
      `POST /predict HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    ),
  );
}
