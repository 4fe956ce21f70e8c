import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
  statSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { data, listRuns, readRun, readRuns, SummaryWriter, tensor, zeros } from '../../../core/index.js';
import { crc32c } from '../../../core/io/crc32.js';
import { EventFile } from '../../../core/tracking/event-file.js';
import { encodeEvent } from '../../../core/tracking/event.js';
import { compareRuns } from '../../../kernel/plots/index.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-runs-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const noWarning = (text: string): void => expect(text).toBe('');

const inFolder = (name: string): string => path.join(folder, name);

it('the checksum is that of RFC 3720', () => {
  expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
});

describe('a run', () => {
  it('reads back what was written, by tag and step', () => {
    const writer = new SummaryWriter(inFolder('a'));
    for (let step = 0; step < 3; step++) writer.addScalars({ 'loss/train': 1 / (step + 1), lr: 0.1 }, step);
    writer.addScalar('loss/train', tensor(0.125), 300).addScalar('bad', NaN, 1).addText('note', 'ß *x*', 2);
    writer.close();
    const { scalars, texts } = readRun(inFolder('a'));
    expect([...scalars.keys()]).toEqual(['loss/train', 'lr', 'bad']);
    expect(scalars.get('loss/train')?.map(({ step, value }) => [step, value])).toEqual([
      [0, 1],
      [1, 0.5],
      [2, Math.fround(1 / 3)],
      [300, 0.125],
    ]);
    expect(scalars.get('bad')?.[0].value).toBeNaN();
    expect(texts.get('note')?.[0]).toMatchObject({ step: 2, value: 'ß *x*' });
    expect(Math.abs((scalars.get('lr')?.[0].wallTime ?? 0) - Date.now() / 1000)).toBeLessThan(60);
  });

  it('keeps histograms: every finite number is counted, in the bin that it lies in', () => {
    const writer = new SummaryWriter(inFolder('h'));
    const numbers = Float32Array.from({ length: 1000 }, (_, i) => (i < 100 ? 0 : (i - 500) / 100));
    writer
      .addHistogram('w', numbers, 7)
      .addHistogram('same', [2, 2, 2], 8)
      .addHistogram('none', [NaN, Infinity], 9);
    writer.close();
    const { histograms } = readRun(inFolder('h'));
    const histogram = histograms.get('w')?.[0];
    expect(histogram).toMatchObject({ step: 7, value: { count: 1000, min: -4, max: Math.fround(4.99) } });
    const { edges, counts, sum, sumSquares } = histogram!.value;
    expect(counts.reduce((a, b) => a + b)).toBeCloseTo(1000, 6);
    expect(sum).toBeCloseTo(
      numbers.reduce((a, b) => a + b),
      2,
    );
    expect(sumSquares).toBeCloseTo(
      numbers.reduce((a, b) => a + b * b, 0),
      1,
    );
    const bin = edges.findIndex((edge) => edge >= 0);
    const inBin = numbers.filter((x) => x > edges[bin - 1] && x <= edges[bin]).length;
    expect(Math.abs(counts[bin] - inBin)).toBeLessThan(10);
    expect(histograms.get('same')?.[0].value).toMatchObject({ count: 3, min: 2, max: 2, sum: 6 });
    expect(histograms.get('none')?.[0].value.count).toBe(0);
  });

  it('that ended in the middle of a write is read up to there, and can be gone on with', () => {
    const writer = new SummaryWriter(inFolder('crash'));
    for (let step = 0; step < 10; step++) writer.addScalar('x', step, step);
    const [file] = readdirSync(inFolder('crash')).map((name) => path.join(inFolder('crash'), name));
    // Nothing was closed: it is all there already.
    expect(readRun(inFolder('crash')).scalars.get('x')).toHaveLength(10);
    truncateSync(file, statSync(file).size - 5);
    expect(readRun(inFolder('crash')).scalars.get('x')).toHaveLength(9);
    new SummaryWriter(inFolder('crash')).addScalar('x', 9, 9).close();
    expect(
      readRun(inFolder('crash'))
        .scalars.get('x')
        ?.map(({ step }) => step),
    ).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    appendFileSync(file, 'rubbish that is no record at all');
    expect(readRun(inFolder('crash')).scalars.get('x')).toHaveLength(10);
    writer.close();
  });

  it('says what is wrong with a call', () => {
    const writer = new SummaryWriter(inFolder('wrong'));
    expect(() => writer.addScalar('x', 1, -1)).toThrow('a step must be a whole number from 0, got -1');
    expect(() => writer.addScalar('x', 'a' as unknown as number)).toThrow('x must be a number or a tensor');
    writer.close();
    expect(() => writer.addScalar('x', 1)).toThrow('is closed; open a new writer');
    mkdirSync(inFolder('empty'));
    expect(() => readRun(inFolder('empty'))).toThrow('holds no event files');
    expect(() => readRun(inFolder('nowhere'))).toThrow('holds no event files');
    expect(() => new SummaryWriter({ logDir: 5 as unknown as string })).toThrow('the path of a folder');
    expect(() => new SummaryWriter({ logDir: inFolder('p'), purgeStep: -1 })).toThrow('whole number from 0');
    const open = new SummaryWriter(inFolder('open'));
    expect(() => open.addHparams({ lr: null as unknown as number })).toThrow('the setting lr must be');
    expect(() => open.addImage('x', Uint8Array.of(1, 2, 3))).toThrow('neither as a PNG nor as a JPEG');
    expect(() => open.addImage('x', zeros([2, 3, 4, 5]))).toThrow('[channels, height, width]');
    open.close();
  });
});

describe('a run that goes on from a step', () => {
  it('has forgotten what was written of it and of later ones', () => {
    const first = new SummaryWriter(inFolder('resumed'));
    for (let step = 0; step < 10; step++)
      first.addScalar('loss', step, step).addHistogram('w', [1, 2], step).addText('t', 'a', step);
    const second = new SummaryWriter({ logDir: inFolder('resumed'), purgeStep: 6 });
    second.addScalar('loss', 100).addScalar('loss', 101);
    for (const writer of [first, second]) writer.close();
    const { scalars, histograms, texts } = readRun(inFolder('resumed'));
    expect(scalars.get('loss')?.map(({ step, value }) => [step, value])).toEqual([
      ...[0, 1, 2, 3, 4, 5].map((step) => [step, step]),
      [6, 100],
      [7, 101],
    ]);
    expect(histograms.get('w')).toHaveLength(6);
    expect(texts.get('t')).toHaveLength(6);
  });
});

describe('a writer', () => {
  it('takes what a chart takes', () => {
    const writer = new SummaryWriter(inFolder('as-chart'));
    writer.add({ train: tensor(0.5), val: null, lr: undefined }).add({ train: 0.25, val: 1 });
    writer.add(7).rule(2, 'stopped: no better');
    writer.close();
    const { scalars, texts } = readRun(inFolder('as-chart'));
    const steps = (tag: string) => scalars.get(tag)?.map(({ step, value }) => [step, value]);
    expect([...scalars.keys()]).toEqual(['train', 'val', 'value']);
    expect(steps('train')).toEqual([
      [0, 0.5],
      [1, 0.25],
    ]);
    expect(steps('val')).toEqual([[1, 1]]);
    expect(steps('value')).toEqual([[2, 7]]);
    expect(texts.get('notes')?.[0]).toMatchObject({ step: 2, value: 'stopped: no better' });
  });

  it('keeps settings, and pictures of tensors and of files', () => {
    const writer = new SummaryWriter(inFolder('rich'));
    const picture = tensor([
      [0, 1],
      [0.5, NaN],
    ]);
    const settings = { lr: 0.1, 'model/kind': 'mlp ß', bias: true, dropout: false };
    writer.addHparams(settings, { accuracy: 0.5 }).addImage('gray', picture, 3);
    const file = data.encodePng(tensor([[[1]], [[2]], [[3]]], { dtype: 'uint8' }));
    writer.addImage('colour', file, 4).close();
    const run = readRun(inFolder('rich'));
    expect(run.settings).toEqual(settings);
    expect([...run.scalars.keys()]).toEqual(['accuracy']);
    const gray = run.images.get('gray')?.[0];
    expect(gray).toMatchObject({ step: 3, value: { width: 2, height: 2, channels: 1 } });
    expect(data.readImage(gray!.value.bytes).tolist()).toEqual([
      [
        [0, 255],
        [128, 0],
      ],
    ]);
    expect(run.images.get('colour')?.[0].value).toEqual({
      width: 1,
      height: 1,
      channels: 3,
      bytes: Uint8Array.from(file),
    });
  });

  it('goes on in a new file when its folder was deleted', () => {
    let now = 0;
    const file = new EventFile(inFolder('deleted'), noWarning, () => now);
    const event = encodeEvent({ wallTime: 1, step: 2, values: [{ tag: 'x', scalar: 3 }] });
    file.append(event);
    rmSync(inFolder('deleted'), { recursive: true });
    now = 2000;
    expect(file.append(event)).toBe(true);
    expect(readRun(inFolder('deleted')).scalars.get('x')).toHaveLength(1);
    file.close();
  });

  it('where nothing can be written says so once, and again when it can', () => {
    let now = 0;
    const said: string[] = [];
    writeFileSync(inFolder('file'), '');
    const file = new EventFile(
      inFolder('file/below'),
      (text) => said.push(text),
      () => now,
    );
    const event = encodeEvent({ wallTime: 1, step: 2, values: [{ tag: 'x', scalar: 3 }] });
    for (now = 1; now <= 3000; now += 500) expect(file.append(event)).toBe(false);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(
      /cannot be written \(a (part of the path is a|file of this name).*The training goes on/,
    );
    rmSync(inFolder('file'));
    now += 2000;
    expect(file.append(event)).toBe(true);
    expect(file.problem).toBeNull();
    expect(said[1]).toContain('is written again; 6 measurements were lost');
    expect(readRun(inFolder('file/below')).scalars.get('x')).toHaveLength(1);
    file.close();
  });
});

describe('runs', () => {
  it('are found below a folder, and compared by a tag', () => {
    const root = inFolder('many');
    for (const lr of [0.1, 0.01]) {
      const writer = new SummaryWriter(path.join(root, 'sweep', `lr-${lr}`));
      for (let step = 0; step < 5; step++) writer.addScalar('loss', lr * step, step);
      writer.close();
    }
    expect(listRuns(root)).toEqual(['sweep/lr-0.01', 'sweep/lr-0.1'].map((name) => path.normalize(name)));
    expect(readRuns(root).map(({ scalars }) => scalars.get('loss')?.at(-1)?.value)).toEqual(
      [0.04, 0.4].map(Math.fround),
    );
    const model = compareRuns('loss', { logDir: root }).model();
    expect(JSON.stringify(model)).toContain('lr-0.01');
    expect(() => compareRuns('los', { logDir: root })).toThrow('has recorded los; there are loss');
    for (const none of ['empty', 'nowhere'])
      expect(() => compareRuns('loss', { logDir: inFolder(none) })).toThrow('there are no runs in');
    expect(JSON.stringify(compareRuns('loss', { logDir: root, filter: /01$/ }).model())).not.toContain(
      'lr-0.1"',
    );
  });
});
