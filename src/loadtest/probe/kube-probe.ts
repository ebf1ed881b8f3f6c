import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { FltsError, type RunPod } from '../../contract/index.js';

const TIMEOUT_MS = 5_000;
const BODY_BYTES_MAX = 16 * 1024 * 1024;
/** Where a pod finds its own identity. */
const ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** How to reach the API of the cluster. */
export interface KubeAccess {
  readonly url: string;
  readonly namespace: string;
  readonly token: string;
  /** PEM text of the cluster's authority; null = the system's. */
  readonly ca: string | null;
}

/** The access that a pod has to its own cluster. Throws FLTS_USAGE outside of one. */
export async function inClusterAccess(env: NodeJS.ProcessEnv, folder = ACCOUNT_FOLDER): Promise<KubeAccess> {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'] ?? '443';
  const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
  try {
    if (host === undefined) throw new Error('KUBERNETES_SERVICE_HOST is not set');
    const [token, namespace, ca] = await Promise.all([read('token'), read('namespace'), read('ca.crt')]);
    const named = host.includes(':') ? `[${host}]` : host;
    return { url: `https://${named}:${port}`, namespace: namespace.trim(), token: token.trim(), ca };
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new FltsError('FLTS_USAGE', `--kube works inside a pod of the cluster only: ${said}.`, { cause });
  }
}

interface ContainerState {
  readonly terminated?: { readonly reason?: string };
}

interface Pod {
  readonly metadata?: { readonly name?: string };
  readonly status?: {
    readonly phase?: string;
    readonly containerStatuses?: readonly {
      readonly restartCount?: number;
      readonly state?: ContainerState;
      readonly lastState?: ContainerState;
    }[];
  };
}

function podOf({ metadata, status }: Pod): RunPod {
  const containers = status?.containerStatuses ?? [];
  return {
    name: metadata?.name ?? 'unnamed',
    phase: status?.phase ?? 'Unknown',
    restarts: containers.reduce((sum, { restartCount }) => sum + (restartCount ?? 0), 0),
    oom_killed: containers.some(({ state, lastState }) =>
      [state, lastState].some((known) => known?.terminated?.reason === 'OOMKilled'),
    ),
  };
}

/** Asks the cluster how the pods of the target are. */
export class KubeProbe {
  readonly #access: KubeAccess;
  readonly #path: string;
  readonly #agent: Agent;

  constructor(access: KubeAccess, selector: string) {
    this.#access = access;
    this.#path = `/api/v1/namespaces/${encodeURIComponent(access.namespace)}/pods?labelSelector=${encodeURIComponent(selector)}`;
    this.#agent = new Agent({ connections: 1, ...(access.ca === null ? {} : { connect: { ca: access.ca } }) });
  }

  /** Pods by their selector. Throws FLTS_USAGE with what the API said. */
  async pods(): Promise<RunPod[]> {
    try {
      const { statusCode, body } = await request(`${this.#access.url}${this.#path}`, {
        dispatcher: this.#agent,
        headers: { authorization: `Bearer ${this.#access.token}`, accept: 'application/json' },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = Buffer.from((await body.bytes()).subarray(0, BODY_BYTES_MAX)).toString('utf8');
      if (statusCode !== 200) throw new Error(`it answers ${statusCode} ${text.slice(0, 200).replace(/\s+/g, ' ')}`);
      const { items } = JSON.parse(text) as { items?: readonly Pod[] };
      return (items ?? []).map(podOf);
    } catch (cause) {
      const said = cause instanceof Error ? cause.message : String(cause);
      throw new FltsError('FLTS_USAGE', `The Kubernetes API gave no pods: ${said}.`, {
        remedy: 'The service account needs the right to list pods in its namespace.',
        cause,
      });
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }
}

/** Restarts and kills between the first and the last look, as sentences. */
export function podRestarts(before: readonly RunPod[], after: readonly RunPod[]): string[] {
  return after.flatMap((pod) => {
    const known = before.find(({ name }) => name === pod.name);
    const restarts = pod.restarts - (known?.restarts ?? 0);
    if (restarts <= 0) return [];
    const why = pod.oom_killed ? ', killed for want of memory' : '';
    return [`Pod ${pod.name} restarted ${restarts === 1 ? 'once' : `${restarts} times`} during the run${why}.`];
  });
}
