import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { KubeObject } from './helm-chart.js';

interface Container {
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly workingDir?: string;
  readonly env: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
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
  /** What the image starts where the manifest has no command. */
  readonly entrypoint?: readonly string[];
  /** What cluster and node add, or have another way: JOB_COMPLETION_INDEX, the pod's name, its address. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Kubernetes' own expansion in command and args: `$(NAME)` for what the environment has, `$$` for `$`. */
export function expanded(text: string, env: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\$|\$\(([^)]*)\)/g, (all, name?: string) =>
    name === undefined ? '$' : (env[name] ?? all),
  );
}

/** The one container of a pod as a process: command, args, environment and mounts as the manifest has them. */
export class PodProcess {
  readonly #child: ChildProcess;
  readonly #exit: Promise<[number | null]>;
  #log = '';

  /** @param owner the Job or Deployment whose pod it is */
  constructor(owner: KubeObject, surroundings: PodSurroundings) {
    const template = owner.spec?.['template'] as { spec: { containers: [Container] } };
    const [container] = template.spec.containers;
    const { root, secrets = {}, env: added = {}, entrypoint = [] } = surroundings;
    // Every path into a mounted volume, wherever it stands, leads below the root instead.
    const placed = (text: string): string =>
      container.volumeMounts.reduce(
        (now, { mountPath }) => now.replace(new RegExp(`^(dir:)?(?=${mountPath}(/|$))`), (start) => start + root),
        text,
      );
    const env: Record<string, string> = { PATH: surroundings.path };
    for (const { name, value, valueFrom } of container.env) {
      const { name: secret = '', key = '' } = valueFrom?.secretKeyRef ?? {};
      const found = added[name] ?? value ?? secrets[`${secret}/${key}`];
      if (found === undefined) throw new Error(`the pod would not start: there is no secret ${secret}/${key}`);
      env[name] = placed(found);
    }
    Object.assign(env, added);
    for (const { mountPath } of container.volumeMounts) mkdirSync(join(root, mountPath), { recursive: true });
    const [command = '', ...args] = [...(container.command ?? entrypoint), ...(container.args ?? [])].map((one) =>
      expanded(one, env),
    );
    this.#child = spawn(command, args, {
      cwd: placed(container.workingDir ?? '/tmp'),
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

  /** Whether it has ended. */
  get isOver(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** As the kernel ends a container that is out of memory: all of it at once. Nothing where it has ended. */
  kill(): void {
    const { pid } = this.#child;
    if (pid !== undefined && !this.isOver) process.kill(-pid, 'SIGKILL');
  }
}
