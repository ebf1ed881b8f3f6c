// Import rules: they hold in src/, they see enough modules to mean something, and they catch every canary.
import { cruise } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const LEAST_MODULES = 60;
const { forbidden, options, rooms } = createRequire(import.meta.url)('../.dependency-cruiser.cjs');

// ARCHITECTURE.md says the same as the rules: | `room` | what | may import |
const table = new Map(
  [...readFileSync('ARCHITECTURE.md', 'utf8').matchAll(/^\| `([a-z]+)` \| .* \| ([^|]+) \|$/gm)].map((row) => [
    row[1],
    row[2],
  ]),
);
for (const room of readdirSync('src')) {
  const ruled = { domain: 'itself', contract: 'typebox', cli: 'all' }[room] ?? rooms[room]?.join(', ');
  if (table.get(room) !== ruled) {
    console.error(`ARCHITECTURE.md says that ${room} may import "${table.get(room)}", the rules say "${ruled}"`);
    process.exit(1);
  }
}

async function violationsOf(folders) {
  const tsConfig = extractTSConfig('tsconfig.json');
  const result = await cruise(folders, { ...options, ruleSet: { forbidden }, validate: true }, undefined, { tsConfig });
  return result.output.summary;
}

const summary = await violationsOf(['src', 'test', 'bench']);
for (const { rule, from, to } of summary.violations) console.error(`${rule.name}: ${from} → ${to}`);
if (summary.violations.length > 0) process.exit(1);
if (summary.totalCruised < LEAST_MODULES) {
  console.error(
    `only ${summary.totalCruised} modules seen, expected at least ${LEAST_MODULES}: the rules check nothing`,
  );
  process.exit(1);
}

// Each canary says in its first line which rule it breaks and where it would lie: `// breaks RULE at src/…`.
const planted = [];
const uncaught = [];
try {
  for (const name of readdirSync('test/canary').filter((file) => file.endsWith('.ts'))) {
    const [, rule, at] = /^\/\/ breaks (\S+) at (\S+)/.exec(readFileSync(join('test/canary', name), 'utf8')) ?? [];
    if (at === undefined) throw new Error(`test/canary/${name}: the first line must be "// breaks RULE at PATH"`);
    planted.push({ name, rule, at });
    cpSync(join('test/canary', name), at);
  }
  const { violations } = await violationsOf(['src']);
  for (const { name, rule, at } of planted) {
    if (!violations.some((v) => v.rule.name === rule && v.from === at)) uncaught.push(`${name}: ${rule} at ${at}`);
  }
} finally {
  for (const { at } of planted) rmSync(at, { force: true });
}
if (planted.length === 0 || uncaught.length > 0) {
  console.error(`canaries that no rule caught: ${uncaught.join('; ') || 'there are none'}`);
  process.exit(1);
}
console.log(`import rules hold over ${summary.totalCruised} modules; ${planted.length} canaries caught`);
