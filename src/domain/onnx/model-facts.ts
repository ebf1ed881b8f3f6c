import { WireError, type WireField, wireFields } from './wire-reader.js';

/** What of an ONNX file decides whether it may be loaded. */
export interface ModelFacts {
  readonly irVersion: number;
  /** Version by domain; the standard one is ''. */
  readonly opsets: ReadonlyMap<string, number>;
  /** Operators of all graphs, nested ones and functions included, as `domain::Type`; the standard domain is left out. */
  readonly operators: ReadonlySet<string>;
  /** Name of the first tensor whose numbers lie in another file; null when there is none. */
  readonly externalTensor: string | null;
  readonly hasGraph: boolean;
}

/** Graphs inside graphs; real models have two or three. */
const DEPTH_MAX = 32;
/** TensorProto.DataLocation.EXTERNAL */
const EXTERNAL = 1;

/**
 * Which fields of which message lead to operators and tensors, by field number.
 * Source: onnx.proto3 of ONNX 1.19 (IR version 13).
 */
const NESTED: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  model: { 7: 'graph', 20: 'training', 25: 'function' },
  training: { 1: 'graph', 2: 'graph' },
  function: { 7: 'node', 11: 'attribute' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparse' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
  sparse: { 1: 'tensor', 2: 'tensor' },
};

/** Reads an ONNX file as far as its facts go; the tensors' numbers are not touched. Throws WireError for other files. */
export function readModelFacts(bytes: Uint8Array): ModelFacts {
  const reader = new FactReader();
  reader.message('model', bytes, 0);
  return reader;
}

class FactReader implements ModelFacts {
  irVersion = 0;
  hasGraph = false;
  externalTensor: string | null = null;
  readonly opsets = new Map<string, number>();
  readonly operators = new Set<string>();

  message(kind: string, bytes: Uint8Array, depth: number): void {
    // A graph inside a graph is three messages down: node, attribute, graph.
    if (depth > 3 * DEPTH_MAX) throw new WireError(`its graphs are nested more than ${DEPTH_MAX} deep`);
    if (kind === 'tensor') {
      this.#tensor(bytes);
      return;
    }
    if (kind === 'node') this.#operator(bytes);
    if (kind === 'graph' && depth === 1) this.hasGraph = true;
    for (const field of wireFields(bytes)) {
      if (kind === 'model') this.#modelField(field);
      const nested = NESTED[kind]?.[field.number];
      if (nested === undefined) continue;
      this.message(nested, bytesOf(field), depth + 1);
    }
  }

  #modelField(field: WireField): void {
    if (field.number === 1 && field.kind === 'varint') this.irVersion = field.value;
    if (field.number !== 8) return;
    let domain = '';
    let version = 0;
    for (const part of wireFields(bytesOf(field))) {
      if (part.number === 1) domain = textOf(part);
      if (part.number === 2 && part.kind === 'varint') version = part.value;
    }
    this.opsets.set(standardised(domain), version);
  }

  #operator(bytes: Uint8Array): void {
    let domain = '';
    let type = '';
    for (const field of wireFields(bytes)) {
      if (field.number === 4) type = textOf(field);
      if (field.number === 7) domain = textOf(field);
    }
    domain = standardised(domain);
    this.operators.add(domain === '' ? type : `${domain}::${type}`);
  }

  #tensor(bytes: Uint8Array): void {
    let name = '';
    let isExternal = false;
    for (const field of wireFields(bytes)) {
      if (field.number === 8) name = textOf(field);
      if (field.number === 13) isExternal = true;
      if (field.number === 14 && field.kind === 'varint' && field.value === EXTERNAL) isExternal = true;
    }
    if (isExternal) this.externalTensor ??= name;
  }
}

function standardised(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

function bytesOf(field: WireField): Uint8Array {
  if (field.kind !== 'bytes') throw new WireError(`its field ${field.number} is no message`);
  return field.value;
}

/** Names are shown to people: ASCII as it is, anything else as a question mark; no TextDecoder in the domain. */
function textOf(field: WireField): string {
  let text = '';
  for (const byte of bytesOf(field).subarray(0, 200))
    text += byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '?';
  return text;
}
