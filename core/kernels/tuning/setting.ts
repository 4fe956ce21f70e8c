/** What the user says about the choice of kernels: `NABLA_TUNING`. */

export type TuningMode =
  /** Candidates are timed at the first large product. */
  | 'auto'
  /** The same kernel on every machine, products rounded before they are added: for numbers that repeat everywhere. */
  | 'off'
  /** As `auto`, with candidates of 256 bits, for which V8 must be let do what it still calls an experiment. */
  | 'wide';

export interface TuningSetting {
  readonly mode: TuningMode;
  /** What was asked for and does not exist. */
  readonly unknown?: string;
}

let setting: TuningSetting | undefined;

export function tuningSetting(): TuningSetting {
  return (setting ??= readSetting(process.env.NABLA_TUNING));
}

export function readSetting(value: string | undefined): TuningSetting {
  const asked = value?.trim().toLowerCase() ?? '';
  if (asked === '' || asked === 'auto') return { mode: 'auto' };
  if (asked === 'off' || asked === 'wide') return { mode: asked };
  return { mode: 'auto', unknown: asked };
}

/** What is wrong with the setting, for `kernelInfo()` and `nabla doctor`. */
export function tuningNotes(): readonly string[] {
  const { unknown } = tuningSetting();
  return unknown === undefined
    ? []
    : [`NABLA_TUNING=${unknown} is unknown and counts as auto; there are auto, off and wide.`];
}
