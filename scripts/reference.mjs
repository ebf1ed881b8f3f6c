// The pages of docs/reference/ that are made from code. `node scripts/reference.mjs` writes them (after a build);
// `npm run check:docs` fails where a page and the code disagree.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const MAIN = 'dist/cli/main.js';
const MADE = '<!-- Made from the code by scripts/reference.mjs; do not edit. -->\n';

const row = (cells) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;

function table(titles, rows) {
  return [row(titles), row(titles.map(() => '---')), ...rows.map(row)].join('\n');
}

async function errorsPage() {
  const { ERRORS } = await import('../dist/contract/index.js');
  const { EXIT_CODES } = await import('../dist/cli/exit-codes.js');
  const rows = Object.entries(ERRORS).map(([code, e]) => [
    `\`${code}\``,
    e.status ?? '',
    EXIT_CODES[e.exit],
    e.problem,
    e.remedy,
  ]);
  const exits = Object.entries(EXIT_CODES).map(([kind, code]) => [code, kind.replaceAll('_', ' ')]);
  return `# Errors and exit codes

A reply of the service carries \`{"detail": "<the case at hand>", "code": "<code>"}\`. The command line prints the same
sentence with what to do, or with \`--json\` an object \`{"error": {code, message, remedy}}\`.

${table(['code', 'HTTP', 'exit', 'what happened', 'what to do'], rows)}

## Exit codes

${table(['code', 'meaning'], [[0, 'done (for a load test: valid, and every requirement met)'], ...exits])}
`;
}

function help(path) {
  return execFileSync(process.execPath, [MAIN, ...path, '--help'], {
    encoding: 'utf8',
    env: { ...process.env, COLUMNS: '110', NO_COLOR: '1' },
  });
}

/** Names of the sub-commands that a help text lists. */
function subcommands(text) {
  const block = /\nCommands:\n((?: {2}.*\n?)+)/.exec(text)?.[1] ?? '';
  return [...block.matchAll(/^ {2}([a-z-]+)/gm)].map((match) => match[1]).filter((name) => name !== 'help');
}

function cliPage() {
  const sections = [];
  const visit = (path) => {
    const text = help(path);
    sections.push(`## \`${['flts', ...path].join(' ')}\`\n\n\`\`\`\n${text.trimEnd()}\n\`\`\``);
    for (const name of subcommands(text)) visit([...path, name]);
  };
  visit([]);
  return `# Command line\n\n${sections.join('\n\n')}\n`;
}

function range(setting) {
  if (setting.kind === 'integer') return `${setting.min} … ${setting.max}`;
  if (setting.kind === 'boolean') return 'true, false';
  return setting.oneOf?.join(', ') ?? 'text';
}

async function settingsPage() {
  const { SETTINGS, envNamesOf, fileKeyOf } = await import('../dist/contract/index.js');
  const rows = Object.entries(SETTINGS).map(([name, setting]) => [
    `\`${fileKeyOf(name)}\``,
    envNamesOf(name)
      .map((env) => `\`${env}\``)
      .join(', '),
    range(setting),
    setting.kind === 'secret' ? '' : `\`${JSON.stringify(setting.default)}\``,
    setting.description,
  ]);
  return `# Settings of the service

Flags go before the environment, the environment before \`flts.yaml\`, that before the defaults. The flag of \`queue_length\`
is \`--queue-length\`. An unknown key or a bad value stops the start and names its line. \`flts config\` prints what is in force
and where each value came from; \`flts config --init\` writes a commented file.

${table(['key in flts.yaml', 'environment', 'range', 'default', 'meaning'], rows)}
`;
}

async function metricsPage() {
  const { METRICS } = await import('../dist/contract/index.js');
  const rows = Object.entries(METRICS).map(([name, { kind, labels = [], help }]) => [
    `\`${name}\``,
    kind,
    labels.join(', '),
    help,
  ]);
  return `# Metrics

\`GET /metrics\` in the Prometheus text format. Beside these, the defaults of the Node.js client library (\`process_*\`,
\`nodejs_*\`). A test moves each of them.

${table(['name', 'kind', 'labels', 'meaning'], rows)}
`;
}

/** What editors check a scenario file by: the schema that the command checks it by. */
async function scenarioSchema() {
  const { ScenarioSchema } = await import('../dist/contract/index.js');
  const schema = { $schema: 'https://json-schema.org/draft/2020-12/schema', ...ScenarioSchema };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

export async function referencePages() {
  return new Map([
    ['docs/reference/errors.md', MADE + (await errorsPage())],
    ['docs/reference/settings.md', MADE + (await settingsPage())],
    ['docs/reference/metrics.md', MADE + (await metricsPage())],
    ['docs/reference/cli.md', MADE + cliPage()],
    ['docs/reference/scenario.schema.json', await scenarioSchema()],
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of await referencePages()) writeFileSync(path, text);
}
