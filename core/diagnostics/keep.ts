/** Hands what a watch sees to a store of runs, such as `SummaryWriter`. */
import type { Distribution } from './distribution.js';
import type { Finding } from './findings.js';
import type { ActivationRecord, ParameterRecord, Reading } from './layers.js';
import type { LossWatch } from './losses.js';

/** Where it goes. */
export interface RunSink {
  addScalar(tag: string, value: number, step: number): unknown;
  addHistogram(tag: string, distribution: Distribution, step: number): unknown;
  addText(tag: string, text: string, step: number): unknown;
}

export class Keeper {
  /** The steps of the newest update ratios that were handed on. */
  private readonly ratios = new Map<ParameterRecord, number>();
  /** Findings that were handed on and still hold. */
  private told = new Set<string>();
  private validation: Reading | undefined;

  constructor(private readonly sink: RunSink) {}

  /** What the sample of a step has seen. */
  sample(
    step: number,
    parameters: readonly ParameterRecord[],
    activations: readonly ActivationRecord[],
  ): void {
    for (const { name, weights, gradients } of parameters) {
      this.distribution(`weights/${name}`, step, weights.newest);
      this.distribution(`gradients/${name}`, step, gradients.newest);
    }
    for (const { name, distributions, deadShares } of activations) {
      // An arrow stands for a function before the module.
      const tag = name.startsWith('→') ? `before ${name.slice(1)}` : name || 'output';
      this.distribution(`activations/${tag}`, step, distributions.newest);
      const dead = deadShares.newest;
      if (dead?.step === step) this.sink.addScalar(`dead units/${tag}`, dead.value, step);
    }
  }

  /** The mean of the training loss since the last look, and the newest validation. */
  losses(step: number, losses: LossWatch): void {
    const mean = losses.takeMean();
    if (mean !== null) this.sink.addScalar('watched loss/train', mean, step);
    const newest = losses.validation.at(-1);
    if (newest === undefined || newest === this.validation) return;
    this.validation = newest;
    this.sink.addScalar('watched loss/validation', newest.value, newest.step);
  }

  /** How far steps have moved weights, and what is wrong, as far as it is new. */
  verdict(step: number, parameters: readonly ParameterRecord[], findings: readonly Finding[]): void {
    for (const record of parameters) {
      const newest = record.ratios.newest;
      if (newest === undefined || this.ratios.get(record) === newest.step) continue;
      this.ratios.set(record, newest.step);
      this.sink.addScalar(`update ratio/${record.name}`, newest.value, newest.step);
    }
    const now = new Map(findings.map((one) => [`${one.kind} ${one.layer ?? ''}`, one]));
    for (const [key, { what, figure, advice }] of now)
      if (!this.told.has(key)) this.sink.addText('findings', `**${what}** ${figure}. Try: ${advice}`, step);
    this.told = new Set(now.keys());
  }

  private distribution(
    tag: string,
    step: number,
    newest: { step: number; distribution: Distribution } | undefined,
  ): void {
    if (newest?.step === step) this.sink.addHistogram(tag, newest.distribution, step);
  }
}
