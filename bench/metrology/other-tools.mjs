import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

function tool(name, args, input) {
  try {
    return execFileSync(name, args, { encoding: 'utf8', input, stdio: ['pipe', 'pipe', 'ignore'] });
  } catch {
    return null;
  }
}

/** `rate` requests a second for `seconds`; null where it is not installed. */
export function vegeta(url, { rate, seconds, folder }) {
  const attack = ['attack', `-rate=${rate}`, `-duration=${seconds}s`, '-workers=50'];
  const raw = join(folder, 'vegeta.bin');
  if (tool('vegeta', [...attack, `-output=${raw}`], `POST ${url}/work\n`) === null) return null;
  const { latencies } = JSON.parse(tool('vegeta', ['report', '-type=json', raw]));
  return { p50_ms: latencies['50th'] / 1e6, p99_ms: latencies['99th'] / 1e6 };
}

/** Closed `connections` for `seconds`; null where it is not installed. */
export function wrk(url, { connections, seconds, folder }) {
  const script = join(folder, 'post.lua');
  writeFileSync(script, 'wrk.method = "POST"\n');
  const text = tool('wrk', ['-t2', `-c${connections}`, `-d${seconds}s`, '--latency', '-s', script, `${url}/work`]);
  if (text === null) return null;
  const at = (p) => {
    const [, value, unit] = new RegExp(`^\\s+${p}%\\s+([\\d.]+)(us|ms|s)`, 'm').exec(text);
    return Number(value) * { us: 1e-3, ms: 1, s: 1_000 }[unit];
  };
  return { p50_ms: at(50), p99_ms: at(99) };
}
