// Whether an ONNX file is all of the model. A tensor may say that its data lie in another file (onnx.proto, TensorProto.external_data), and
// ONNX Runtime then reads it below its working directory: a stranger's model would answer with files of whoever runs it.
import { Fault } from '@oort/kernel-wire/fault';

export class ModelFileRefused extends Fault {}

type Kind = 'model' | 'training' | 'function' | 'graph' | 'node' | 'attribute' | 'tensor' | 'sparse';

/** Where messages lie in messages, by field number (onnx.proto). */
const parts: Readonly<Record<Kind, Readonly<Record<number, Kind>>>> = {
  model: { 7: 'graph', 20: 'training', 25: 'function' },
  training: { 1: 'graph', 2: 'graph' },
  function: { 7: 'node', 11: 'attribute' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparse' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
  sparse: { 1: 'tensor', 2: 'tensor' },
  tensor: {},
};
const externalData = 13;
const dataLocation = 14;

interface Message { readonly kind: Kind; readonly start: number; readonly end: number }

/** Cost: one look at each field; the data of tensors are passed over. Throws ModelFileRefused: MODEL_NOT_SELF_CONTAINED, MODEL_UNREADABLE. */
export function requireSelfContained(file: Uint8Array): void {
  const open: Message[] = [{ kind: 'model', start: 0, end: file.length }];
  for (let message = open.pop(); message !== undefined; message = open.pop()) {
    for (const { field, start, end } of fieldsOf(file, message)) {
      if (message.kind === 'tensor' && (field === externalData || field === dataLocation)) {
        if (field === externalData || file.subarray(start, end).some((byte) => (byte & 0x7f) !== 0)) {
          throw new ModelFileRefused('MODEL_NOT_SELF_CONTAINED', 'a tensor of the model names a file for its data; put them into the model itself');
        }
      }
      const kind = parts[message.kind][field];
      if (kind !== undefined) open.push({ kind, start, end });
    }
  }
}

/** Fields of a message, of any type (Protocol Buffers, "Encoding"). What is read otherwise by somebody else must not pass, so what cannot be
 *  read is refused. */
function* fieldsOf(file: Uint8Array, { start: from, end }: Message): Generator<{ readonly field: number; readonly start: number; readonly end: number }> {
  let at = from;
  const varint = (): number => {
    let value = 0;
    for (let place = 0; place < 10; place += 1) {
      const byte = file[at];
      if (byte === undefined || at >= end) throw unreadable();
      at += 1;
      value += (byte & 0x7f) * 2 ** (7 * place);
      if (byte < 0x80) return value;
    }
    throw unreadable();
  };
  while (at < end) {
    const tag = varint();
    if (tag > 0xffff_ffff) throw unreadable();
    const [field, type, start] = [Math.floor(tag / 8), tag % 8, at];
    if (type === 0) varint();
    else if (type === 1) at += 8;
    else if (type === 5) at += 4;
    else if (type === 2) {
      const length = varint();
      const body = at;
      at += length;
      if (at > end) throw unreadable();
      yield { field, start: body, end: at };
      continue;
    } else throw unreadable();
    if (at > end || field === 0) throw unreadable();
    // Numbers hold no messages; the place of a tensor's data is one.
    if (field === dataLocation) yield { field, start, end: at };
  }
}

function unreadable(): ModelFileRefused {
  return new ModelFileRefused('MODEL_UNREADABLE', 'the file is no ONNX model');
}
