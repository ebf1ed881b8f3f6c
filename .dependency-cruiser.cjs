/**
 * Who may import whom: the table of ARCHITECTURE.md as rules. `scripts/check-imports.mjs` runs them, also over a
 * canary that breaks them, and over a least number of modules: a rule that cannot fail is no rule.
 */

/** What each room may import besides itself. `domain` inside a room's list means any domain room. */
const ALLOWED = {
  domain: [],
  contract: [],
  serving: ['domain', 'contract'],
  runtime: ['domain', 'contract', 'serving/ports'],
  registry: ['domain', 'contract', 'serving/ports'],
  telemetry: ['domain', 'contract', 'serving/ports'],
  training: ['domain', 'contract'],
  simulation: ['domain', 'contract', 'serving'],
  http: ['contract', 'serving', 'domain'],
  loadtest: ['domain', 'contract'],
  report: ['domain', 'contract'],
};

/** The test files beside the source may also reach for the test tools. */
const SOURCE = { pathNot: '\\.test\\.ts$' };

const roomRules = Object.entries(ALLOWED).map(([room, allowed]) => ({
  name: `${room}-imports`,
  severity: 'error',
  comment: `${room} may import ${['itself', ...allowed].join(', ')}.`,
  from: { path: `^src/${room}/`, ...SOURCE },
  to: { path: '^src/', pathNot: [`^src/${room}/`, ...allowed.map((other) => `^src/${other}(/|\\.ts$)`)] },
}));

module.exports = {
  rooms: ALLOWED,
  forbidden: [
    ...roomRules,
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      comment: 'No npm package and no node: module in the domain.',
      from: { path: '^src/domain/', ...SOURCE },
      to: { pathNot: '^src/domain/' },
    },
    {
      name: 'contract-imports-typebox-only',
      severity: 'error',
      from: { path: '^src/contract/', ...SOURCE },
      to: { pathNot: ['^src/contract/', '^node_modules/typebox/'] },
    },
    {
      name: 'http-imports-domain-types-only',
      severity: 'error',
      from: { path: '^src/http/', ...SOURCE },
      to: { path: '^src/domain/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'rooms-have-one-door',
      severity: 'error',
      comment: 'Between rooms, import room/index.ts (or serving/ports.ts).',
      from: { path: '^src/(domain/[^/]+|[^/]+)/' },
      to: {
        path: '^src/',
        pathNot: ['^src/$1/', '^src/(domain/[^/]+|[^/]+)/index\\.ts$', '^src/serving/ports\\.ts$'],
      },
    },
    {
      name: 'nobody-imports-the-cli',
      severity: 'error',
      from: { path: '^src/(?!cli/)' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'onnxruntime-in-the-runtime-only',
      severity: 'error',
      comment: 'session.run blocks its thread: only the runtime room may load it.',
      from: { path: '^src/(?!runtime/)', ...SOURCE },
      to: { path: 'node_modules/onnxruntime-node/' },
    },
    {
      name: 'source-does-not-import-tests',
      severity: 'error',
      comment: 'Tests beside the source may use what test/support offers.',
      from: { path: '^src/', ...SOURCE },
      to: { path: '^(test|bench)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: 'specify',
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
