import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Version {
  readonly name: string;
  readonly version: string;
  readonly run_id: string;
  readonly source: string;
  readonly creation_timestamp: number;
  readonly tags: { key: string; value: string }[];
}

interface Run {
  readonly info: { run_id: string; artifact_uri: string; status: string; start_time: number };
  readonly data: { tags: unknown[]; metrics: unknown[]; params: unknown[] };
}

type Json = Record<string, unknown>;

/** What a test may do to an answer; true: it was answered, and the server does no more. */
export type Fault = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * The part of MLflow's tracking server that flts uses, in memory, on loopback, with faults at will. The real server is in
 * test/interop; this one stands where it cannot be made to fail.
 */
export class FakeMlflowServer {
  readonly runs = new Map<string, Run>();
  readonly versions = new Map<string, Version[]>();
  /** MODEL@ALIAS → version. */
  readonly aliases = new Map<string, string>();
  readonly artifacts = new Map<string, Buffer>();
  readonly requests: { readonly line: string; readonly authorization: string | undefined }[] = [];
  /** New runs keep their artifacts below this. */
  artifactRoot = 'mlflow-artifacts:/0';
  fault: Fault = () => false;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        this.requests.push({
          line: `${request.method ?? ''} ${request.url ?? ''}`,
          authorization: request.headers.authorization,
        });
        if (!this.fault(request, response)) this.#answer(request, response, Buffer.concat(parts));
      });
    });
  }

  static async start(): Promise<FakeMlflowServer> {
    const fake = new FakeMlflowServer();
    fake.#server.listen(0, '127.0.0.1');
    await once(fake.#server, 'listening');
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #answer(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const url = new URL(request.url ?? '/', 'http://mlflow');
    const [, artifact] = /^\/api\/2\.0\/mlflow-artifacts\/artifacts\/(.*)$/.exec(url.pathname) ?? [];
    if (artifact !== undefined) {
      this.#artifact(request.method ?? '', decodeURIComponent(artifact), body, response);
      return;
    }
    const call = `${request.method ?? ''} ${url.pathname.replace('/api/2.0/mlflow/', '')}`;
    const given = body.length === 0 ? Object.fromEntries(url.searchParams) : (JSON.parse(body.toString()) as Json);
    const answer = this.#call(call, given);
    const problem = answer['error_code'];
    const status = problem === undefined ? 200 : problem === 'RESOURCE_DOES_NOT_EXIST' ? 404 : 400;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }

  #artifact(method: string, path: string, body: Buffer, response: ServerResponse): void {
    if (method === 'PUT') {
      this.artifacts.set(path, body);
      response.writeHead(200).end('{}');
      return;
    }
    const bytes = this.artifacts.get(path);
    if (bytes === undefined) response.writeHead(404).end('{"error_code":"RESOURCE_DOES_NOT_EXIST"}');
    else response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
  }

  /** Without the key where there is nothing, as the real one writes it. */
  #registered(name: string): Json {
    const aliases = [...this.aliases]
      .filter(([key]) => key.startsWith(`${name}@`))
      .map(([key, version]) => ({ alias: key.slice(name.length + 1), version }));
    return { name, ...(aliases.length === 0 ? {} : { aliases }) };
  }

  #call(call: string, given: Json): Json {
    const text = (key: string): string => String(given[key]);
    const versions = this.versions.get(text('name'));
    const version = versions?.find((one) => one.version === text('version'));
    switch (call) {
      case 'GET runs/get':
        return this.runs.has(text('run_id')) ? { run: this.runs.get(text('run_id')) } : missing('no run');
      case 'POST runs/create': {
        const id = randomBytes(16).toString('hex');
        const info = {
          run_id: id,
          artifact_uri: `${this.artifactRoot}/${id}/artifacts`,
          status: 'RUNNING',
          start_time: 1,
        };
        this.runs.set(id, {
          info,
          data: { tags: (given['tags'] as unknown[] | undefined) ?? [], metrics: [], params: [] },
        });
        return { run: this.runs.get(id) };
      }
      case 'POST runs/log-batch': {
        const data = this.runs.get(text('run_id'))?.data;
        for (const kind of ['metrics', 'params', 'tags'] as const)
          data?.[kind].push(...((given[kind] as unknown[] | undefined) ?? []));
        return {};
      }
      case 'POST runs/update': {
        const run = this.runs.get(text('run_id'));
        if (run !== undefined) run.info.status = text('status');
        return {};
      }
      case 'GET registered-models/get':
        return versions === undefined ? missing('no model') : { registered_model: this.#registered(text('name')) };
      case 'POST registered-models/create':
        this.versions.set(text('name'), []);
        return {};
      case 'POST model-versions/create': {
        const made = { ...given, version: String((versions?.length ?? 0) + 1), creation_timestamp: 1_700_000_000_000 };
        versions?.push(made as unknown as Version);
        return { model_version: made };
      }
      case 'GET model-versions/search':
        return { model_versions: this.versions.get(/^name='(.*)'$/.exec(text('filter'))?.[1] ?? '') ?? [] };
      case 'GET model-versions/get':
        return version === undefined ? missing('no version') : { model_version: version };
      case 'GET model-versions/get-download-uri':
        return version === undefined ? missing('no version') : { artifact_uri: version.source };
      case 'POST model-versions/set-tag': {
        const others = version?.tags.filter(({ key }) => key !== given['key']) ?? [];
        version?.tags.splice(0, Infinity, ...others, { key: text('key'), value: text('value') });
        return {};
      }
      case 'DELETE model-versions/delete':
        this.versions.set(text('name'), versions?.filter((one) => one !== version) ?? []);
        return {};
      case 'POST registered-models/alias':
        this.aliases.set(`${text('name')}@${text('alias')}`, text('version'));
        return {};
      case 'GET registered-models/alias': {
        const number = this.aliases.get(`${text('name')}@${text('alias')}`);
        const aliased = versions?.find((one) => one.version === number);
        if (aliased !== undefined) return { model_version: aliased };
        const message = 'Registered model alias champion not found.';
        return versions === undefined ? missing('no model') : { error_code: 'INVALID_PARAMETER_VALUE', message };
      }
      default:
        return { error_code: 'ENDPOINT_NOT_FOUND', message: call };
    }
  }
}

function missing(message: string): Json {
  return { error_code: 'RESOURCE_DOES_NOT_EXIST', message };
}
