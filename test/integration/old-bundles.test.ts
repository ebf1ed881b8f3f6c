import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RUN_SCHEMA_VERSION } from '../../src/contract/index.js';
import { buildReport, readRunBundle, writeReports } from '../../src/report/index.js';

/**
 * A small real bundle of every schema version there ever was, never to be changed: whoever raises the version records
 * one of the version before (README.md beside them says how), and reports of it stay readable.
 */
const FIXTURES = new URL('../fixtures/run-bundles/', import.meta.url).pathname;
const VERSIONS = Array.from({ length: RUN_SCHEMA_VERSION }, (_, i) => `v${i + 1}`);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flts-old-bundles-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe.each(VERSIONS)('a run bundle of version %s', (version) => {
  it('is read whole, and reported in every format', async () => {
    cpSync(join(FIXTURES, version), folder, { recursive: true });
    const bundle = await readRunBundle(folder);
    expect(bundle.run.schema_version).toBe(Number(version.slice(1)));
    expect(bundle.gaps).toEqual([]);
    expect(bundle.timeline.length).toBeGreaterThan(5);
    expect(bundle.server.length).toBeGreaterThan(5);
    expect([...bundle.distributions.keys()]).toContain('5');
    const before = new Set(readdirSync(folder));
    await writeReports(buildReport(bundle), folder, ['html', 'md', 'json', 'junit', 'csv']);
    const written = readdirSync(folder).filter((file) => !before.has(file));
    expect(written.length).toBe(5);
    const text = readFileSync(join(folder, 'report.md'), 'utf8');
    for (const part of ['## Performance results', '## Capacity', 'service curve', '| 5 ']) expect(text).toContain(part);
    expect(text).not.toMatch(/undefined|NaN|\[object/);
  });
});
