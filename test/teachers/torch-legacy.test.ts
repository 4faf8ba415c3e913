import { describe, expect, it } from 'vitest';
import { TeacherRefused } from '#teachers/teacher-refused.ts';
import { readTorchFile } from '#teachers/torch-legacy.ts';
import {
  call,
  contents,
  dictionary,
  global,
  integer,
  keyList,
  ORDERED,
  op,
  pickle,
  START,
  storageId,
  text,
  torchFile,
  tupleOf,
  type Written,
} from './pickling.ts';

const w: Written = { name: 'w', shape: [2, 3] };
const values = [1, 2, 3, 4, 5, 6];

/** A file with one hostile pickle in the place of the dictionary. */
const withDictionary = (...parts: Buffer[]): Buffer =>
  Buffer.concat([START, pickle(...parts), keyList('w'), contents(values)]);

/** A file with one tensor, declared in another way than honest files do. */
const withTensor = (changed: Partial<Written>): Buffer =>
  withDictionary(dictionary([{ ...w, ...changed }]));

describe('readTorchFile', () => {
  it('reads tensors by name, with their strides', () => {
    const tensors = readTorchFile(
      torchFile([
        { ...w, values },
        { name: 'scalar', shape: [], values: [7] },
        { name: 'transposed', shape: [2, 3], strides: [1, 2], values },
      ]),
    );

    expect([...tensors.keys()]).toEqual(['w', 'scalar', 'transposed']);
    expect(tensors.get('w')).toEqual({
      dtype: 'float32',
      shape: [2, 3],
      strides: [3, 1],
      values: new Float32Array(values),
    });
    expect(tensors.get('scalar')?.values).toEqual(new Float32Array([7]));
    expect(tensors.get('transposed')?.strides).toEqual([1, 2]);
  });

  it('reads the part of a storage that a tensor asks for', () => {
    const file = withTensor({ shape: [2], offset: 3, length: 6 });

    expect(readTorchFile(file).get('w')?.values).toEqual(new Float32Array([4, 5]));
  });

  const system = global('os', 'system');
  const sure = Buffer.from('echo pwned');
  const line = (name: string) => `${name}\n`;
  it.each<[string, Buffer, RegExp]>([
    ['GLOBAL os.system', withDictionary(call(system, text('echo pwned'))), /names "os.system"/],
    [
      'GLOBAL builtins.eval',
      withDictionary(call(global('builtins', 'eval'), text('1'))),
      /builtins.eval/,
    ],
    ['GLOBAL in the first pickle', pickle(system), /names "os.system"/],
    [
      'a name of torch that is not one of the four',
      withDictionary(global('torch.hub', 'load')),
      /torch.hub.load/,
    ],
    [
      'a name that hides in a longer one',
      withDictionary(global('collections.OrderedDict', 'x')),
      /OrderedDict.x/,
    ],
    ['a name of JavaScript', withDictionary(global('constructor', '__proto__')), /__proto__/],
    [
      'STACK_GLOBAL',
      withDictionary(text('os'), text('system'), op('STACK_GLOBAL')),
      /uses STACK_GLOBAL/,
    ],
    ['INST', withDictionary(op('MARK'), op('INST', line('os'), line('system'))), /uses INST/],
    ['OBJ', withDictionary(op('MARK'), global('torch', 'FloatStorage'), op('OBJ')), /uses OBJ/],
    [
      'NEWOBJ',
      withDictionary(global('torch', 'FloatStorage'), tupleOf(), op('NEWOBJ')),
      /uses NEWOBJ/,
    ],
    ['EXT1', withDictionary(op('EXT1', [1])), /uses EXT1/],
    ['EXT2', withDictionary(op('EXT2', [1, 0])), /uses EXT2/],
    ['EXT4', withDictionary(op('EXT4', [1, 0, 0, 0])), /uses EXT4/],
    ['PERSID', withDictionary(op('PERSID', line('1'))), /uses PERSID/],
    ['BINBYTES', withDictionary(op('SHORT_BINBYTES', [sure.length], sure)), /uses SHORT_BINBYTES/],
    ['FLOAT', withDictionary(op('FLOAT', line('1'))), /uses FLOAT/],
    ['MEMOIZE', withDictionary(ORDERED, op('MEMOIZE')), /uses MEMOIZE/],
    ['a byte that means nothing', withDictionary(Buffer.of(0xff)), /uses the byte 255/],
    [
      'REDUCE of a storage',
      withDictionary(call(global('torch', 'FloatStorage'), integer(9))),
      /calls torch.FloatStorage, which may only be named/,
    ],
    ['REDUCE of a string', withDictionary(call(text('os.system'))), /calls what cannot be called/],
    [
      'REDUCE of a tensor',
      withDictionary(call(Buffer.concat([storageId(w)]))),
      /calls what cannot be called/,
    ],
    [
      'REDUCE without a tuple',
      withDictionary(global('collections', 'OrderedDict'), op('EMPTY_LIST'), op('REDUCE')),
      /without an argument list/,
    ],
    [
      'OrderedDict from items',
      withDictionary(call(global('collections', 'OrderedDict'), op('EMPTY_LIST'))),
      /OrderedDict is made from something/,
    ],
    [
      'BUILD of a storage',
      withDictionary(storageId(w), op('EMPTY_DICT'), op('BUILD')),
      /sets the state/,
    ],
    [
      'BUILD of a name',
      withDictionary(global('torch', 'FloatStorage'), op('EMPTY_DICT'), op('BUILD')),
      /sets the state/,
    ],
    [
      'BUILD of another attribute',
      withDictionary(
        ORDERED,
        op('EMPTY_DICT'),
        text('__class__'),
        op('NONE'),
        op('SETITEM'),
        op('BUILD'),
      ),
      /sets the state/,
    ],
    [
      'BUILD with a tuple',
      withDictionary(ORDERED, tupleOf(op('NONE'), op('EMPTY_DICT')), op('BUILD')),
      /sets the state/,
    ],
    [
      'a persistent id in the list of keys',
      Buffer.concat([START, pickle(dictionary([w])), pickle(storageId(w))]),
      /names "torch.FloatStorage"/,
    ],
    [
      'a persistent id that is text',
      withDictionary(text('x'), op('BINPERSID')),
      /persistent id is not that of a storage/,
    ],
  ])('executes nothing: %s', (_, file, sentence) => {
    expect(() => readTorchFile(file)).toThrow(TeacherRefused);
    expect(() => readTorchFile(file)).toThrow(sentence);
  });

  it.each<[string, Partial<Written>, RegExp]>([
    ['of another type', { type: 'HalfStorage' }, /names "torch.HalfStorage"/],
    ['of a made-up type', { type: 'collections.OrderedDict' }, /not that of a storage/],
    ['on another device', { device: 'cuda:0' }, /not that of a storage/],
    ['larger than the file', { length: 2 ** 31 - 1 }, /claims 2147483647 values/],
    ['of negative length', { length: -6 }, /claims -6 values/],
    ['longer than it is', { length: 7 }, /ends in the middle of storage w/],
    ['shorter than it is', { shape: [5] }, /another length than/],
    ['that is not listed', { key: 'v' }, /"w" is listed twice, or no tensor needs it/],
  ])('refuses a storage %s', (_, changed, sentence) => {
    expect(() => readTorchFile(withTensor(changed))).toThrow(sentence);
  });

  it.each<[string, Partial<Written>, RegExp]>([
    ['that begins before its storage', { offset: -1 }, /impossible place/],
    ['that reaches beyond its storage', { offset: 1 }, /beyond its end/],
    ['that begins far beyond it', { offset: 2 ** 31 - 1 }, /beyond its end|impossible/],
    ['with a negative extent', { shape: [-2, -3], length: 6 }, /impossible/],
    ['with a negative stride', { strides: [-3, 1] }, /impossible/],
    ['with overlapping rows', { strides: [1, 1] }, /uses a value twice/],
    ['with one value for all', { strides: [0, 0] }, /uses a value twice/],
    ['with gaps', { strides: [6, 2], length: 6 }, /gaps/],
    ['with fewer strides than axes', { strides: [1] }, /impossible/],
    [
      'of absurd size',
      { shape: Array(8).fill(2 ** 30), strides: Array(8).fill(1), length: 6 },
      /gaps|beyond/,
    ],
    ['of nine axes', { shape: Array(9).fill(1), length: 6 }, /impossible/],
    [
      'with backward hooks',
      { hooks: Buffer.concat([ORDERED, text('h'), op('NONE'), op('SETITEM')]) },
      /backward hooks/,
    ],
  ])('refuses a tensor %s', (_, changed, sentence) => {
    expect(() => readTorchFile(withTensor(changed))).toThrow(sentence);
  });

  it.each<[string, Buffer, RegExp]>([
    [
      'a zip, as newer versions write it',
      Buffer.from('PK\u0003\u0004 and so on'),
      /not of protocol 2/,
    ],
    ['another magic number', Buffer.concat([pickle(integer(1)), START]), /legacy layout/],
    [
      'an unknown version',
      Buffer.concat([START.subarray(0, 15), pickle(integer(1002))]),
      /unknown version/,
    ],
    [
      'trailing bytes',
      Buffer.concat([torchFile([{ ...w, values }]), Buffer.of(0)]),
      /goes on after its last storage/,
    ],
    ['no numbers', torchFile([{ ...w, values: [1, 2, 3, 4, 5, Number.NaN] }]), /no numbers/],
    [
      'an infinite value',
      torchFile([{ ...w, values: [1, 2, 3, 4, 5, Number.NEGATIVE_INFINITY] }]),
      /no numbers/,
    ],
    ['one name twice', withDictionary(dictionary([w, w])), /the key "w" twice/],
    [
      'one key twice',
      Buffer.concat([START, pickle(dictionary([w])), keyList('w', 'w')]),
      /ends in the middle of storage|listed twice/,
    ],
    [
      'one storage of two types',
      withDictionary(dictionary([w, { ...w, name: 'v', key: 'w', type: 'LongStorage' }])),
      /declared twice/,
    ],
    [
      'a missing storage',
      Buffer.concat([START, pickle(dictionary([w])), keyList()]),
      /lacks storage w/,
    ],
    [
      'a list instead of a dictionary',
      Buffer.concat([START, pickle(op('EMPTY_LIST')), keyList()]),
      /does not hold a dictionary/,
    ],
    [
      'a dictionary of text',
      Buffer.concat([START, pickle(ORDERED, text('a'), text('b'), op('SETITEM')), keyList()]),
      /"a" is no tensor/,
    ],
    [
      'a bare storage',
      withDictionary(ORDERED, text('a'), storageId(w), op('SETITEM')),
      /"a" is no tensor/,
    ],
    [
      'a key that is no text',
      withDictionary(ORDERED, integer(1), integer(2), op('SETITEM')),
      /no string/,
    ],
    ['values left over', withDictionary(ORDERED, ORDERED), /leaves values over/],
    ['nothing on the stack', withDictionary(), /takes a value where there is none/],
    [
      'items of a tuple',
      withDictionary(tupleOf(), text('a'), op('NONE'), op('SETITEM')),
      /sets items of what has none/,
    ],
    ['an unopened list', withDictionary(op('EMPTY_DICT'), op('SETITEMS')), /closes a list/],
    ['deep nesting', withDictionary(Buffer.alloc(100_000, op('MARK'))), /nested too deeply/],
    [
      'a memo overwritten',
      withDictionary(ORDERED, op('BINPUT', [0]), op('BINPUT', [0])),
      /remembers two values/,
    ],
    [
      'a memo never written',
      withDictionary(op('LONG_BINGET', [255, 255, 255, 255])),
      /never remembered/,
    ],
    ['a memo of nothing', withDictionary(op('BINPUT', [0])), /takes a value where there is none/],
    ['an endless string', withDictionary(text('x'.repeat(5_000))), /endless string/],
    [
      'a string longer than the file',
      withDictionary(op('BINUNICODE', [255, 255, 255, 255])),
      /ends in the middle/,
    ],
    ['a string that is no text', withDictionary(op('BINUNICODE', [1, 0, 0, 0, 0xff])), /not UTF-8/],
    [
      'an endless name',
      Buffer.concat([START, op('PROTO', [2]), op('GLOBAL'), Buffer.alloc(9_000, 97)]),
      /ends in the middle/,
    ],
  ])('refuses %s', (_, file, sentence) => {
    expect(() => readTorchFile(file)).toThrow(TeacherRefused);
    expect(() => readTorchFile(file)).toThrow(sentence);
  });

  it('does not stop for an endless pickle, nor take all memory for it', () => {
    const endless = Buffer.alloc(3_000_000, op('EMPTY_LIST'));

    expect(() => readTorchFile(withDictionary(endless))).toThrow(/does not end/);
  });

  it('refuses a file cut short, wherever it is cut', () => {
    const whole = torchFile([
      { ...w, values },
      { name: 'v', shape: [2], values: [7, 8] },
    ]);
    expect(readTorchFile(whole).size).toBe(2);

    for (let length = 0; length < whole.length; length++) {
      expect(() => readTorchFile(whole.subarray(0, length))).toThrow(TeacherRefused);
    }
  });
});
