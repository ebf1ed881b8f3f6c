import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { KubeObject } from './helm-chart.js';

interface Container {
  readonly command: readonly string[];
  readonly args?: readonly string[];
  readonly workingDir: string;
  readonly env: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string } };
  }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

export interface PodSurroundings {
  /** Folder that stands for the root of the container's file system: mounts are below it. */
  readonly root: string;
  /** What the image brings: its PATH. */
  readonly path: string;
  /** `SECRET/KEY` to its value. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** What the controller adds, such as JOB_COMPLETION_INDEX. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Kubernetes' own expansion in command and args: `$(NAME)` for what the environment has, `$$` for `$`. */
export function expanded(text: string, env: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\$|\$\(([^)]*)\)/g, (all, name?: string) =>
    name === undefined ? '$' : (env[name] ?? all),
  );
}

/** The one container of a Job's pod as a process: command, args, environment and mounts as the manifest has them. */
export class PodProcess {
  readonly #child: ChildProcess;
  readonly #exit: Promise<[number | null]>;
  #log = '';

  constructor(job: KubeObject, surroundings: PodSurroundings) {
    const template = job.spec?.['template'] as { spec: { containers: [Container] } };
    const [container] = template.spec.containers;
    const { root, secrets = {} } = surroundings;
    // Every path into a mounted volume, wherever it stands, leads below the root instead.
    const placed = (text: string): string =>
      container.volumeMounts.reduce(
        (now, { mountPath }) => (now === mountPath || now.startsWith(`${mountPath}/`) ? join(root, now) : now),
        text,
      );
    const env: Record<string, string> = { PATH: surroundings.path, ...surroundings.env };
    for (const { name, value, valueFrom } of container.env) {
      const { name: secret = '', key = '' } = valueFrom?.secretKeyRef ?? {};
      const found = value ?? secrets[`${secret}/${key}`];
      if (found === undefined) throw new Error(`the pod would not start: there is no secret ${secret}/${key}`);
      env[name] = placed(found);
    }
    for (const { mountPath } of container.volumeMounts) mkdirSync(join(root, mountPath), { recursive: true });
    const [command = '', ...args] = [...container.command, ...(container.args ?? [])].map((one) => expanded(one, env));
    this.#child = spawn(command, args, {
      cwd: placed(container.workingDir),
      env,
      // A group of its own is what dies together when a container is killed.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#log = (this.#log + chunk.toString()).slice(-8000);
      });
    }
    this.#exit = once(this.#child, 'exit') as Promise<[number | null]>;
  }

  /** The end of its output so far. */
  get log(): string {
    return this.#log;
  }

  /** Its exit code, once it has ended; null where a signal ended it. */
  async ended(): Promise<number | null> {
    return (await this.#exit)[0];
  }

  /** As the kubelet ends a container in order: the first process gets the signal, and nobody else. */
  terminate(): void {
    this.#child.kill('SIGTERM');
  }

  /** As the kernel ends a container that is out of memory: all of it at once. Nothing where it has ended. */
  kill(): void {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL');
  }
}
