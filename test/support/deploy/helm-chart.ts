import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import type { DeployTools } from './deploy-tools.js';

export const CHART = 'deploy/helm/flts';

/** The chart's sets of values; each is laid over values.yaml. */
export const VALUES_FILES = readdirSync(CHART).filter((name) => /^values.*\.yaml$/.test(name));

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Record<string, string> };
  readonly spec?: Record<string, unknown>;
}

export interface Rendered {
  /** The manifests, '' where helm refused. */
  readonly text: string;
  readonly objects: readonly KubeObject[];
  /** helm's message where it refused, else ''. */
  readonly refusal: string;
}

/** `helm template` of the chart with a values file and values on top of it. */
export async function render(
  tools: DeployTools,
  options: { file?: string; values?: object; release?: string } = {},
): Promise<Rendered> {
  const files = options.file === undefined ? [] : ['-f', join(CHART, options.file)];
  const args = ['template', options.release ?? 'flts', CHART, '--namespace', 'prod', ...files, '-f', '-'];
  // A helm that was built without its release flags takes itself for that of an old cluster.
  const child = spawn(tools.helm, [...args, '--kube-version', '1.31.0'], { env: tools.env });
  let text = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  child.stdin.end(stringify(options.values ?? {}));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) return { text: '', objects: [], refusal: errors.replaceAll(/\n*Use --debug.*\n*/g, '').trim() };
  const documents = parseAllDocuments(text);
  const objects = documents.map((document) => document.toJS() as KubeObject | null).filter((one) => one !== null);
  return { text, objects, refusal: '' };
}

/** Those of a kind. */
export function ofKind(rendered: Rendered, kind: string): readonly KubeObject[] {
  return rendered.objects.filter((object) => object.kind === kind);
}

/** What is illegal about the objects, by their schemas; '' where nothing is. */
export function problemsOf(objects: readonly KubeObject[]): string {
  const { status, stdout, stderr } = spawnSync(
    'npx',
    ['--yes', '-p', 'node@24', 'node', 'test/deploy/validate-manifests.mjs'],
    { input: JSON.stringify(objects), encoding: 'utf8' },
  );
  return status === 0 ? '' : `${stdout}${stderr}`;
}
