/** What `nabla doctor` says about the system's BLAS: every library is tried again, and told with what is wrong with it. */
import { candidates } from './candidates.js';
import type { Verdict } from './examine.js';
import { bestOf, blasSetting, forcedFile, isUseful, type Known, type Surroundings } from './library.js';
import { verdictKey, writeVerdict } from './verdicts.js';

/** `used` is what products are given to, `refused` what is not, `none` that there is nothing, `wrong` a setting to correct. */
export interface BlasLine {
  readonly state: 'used' | 'spare' | 'refused' | 'none' | 'wrong' | 'note';
  readonly text: string;
  readonly advice?: string;
}

const OWN = "products run on Nabla's own kernels";

/** Looks at every library, in the order in which they are found. */
export function blasReport(around: Surroundings): BlasLine[] {
  const { place } = around;
  const setting = blasSetting(place.env);
  if (setting === 'off') return [{ state: 'none', text: `native BLAS: off (NABLA_BLAS=off), ${OWN}` }];
  const named = setting === 'auto' ? undefined : forcedFile(setting, place);
  if (setting !== 'auto' && named === undefined)
    return [wrong(setting, 'there is no such file', 'give the path of a BLAS library, or auto, or off')];
  const files = named === undefined ? candidates(place) : [named];
  if (files.length === 0)
    return [
      { state: 'none', text: `native BLAS: none was found, ${OWN}`, advice: adviceFor(place.platform) },
    ];
  if (around.koffi() === undefined)
    return [
      {
        state: setting === 'auto' ? 'none' : 'wrong',
        text: `native BLAS: ${files[0]} is there, but koffi, which calls native libraries, is not installed; ${OWN}`,
        advice: 'run: npm install koffi',
      },
    ];
  const libraries = compared(
    files.flatMap((file) => tried(file, around)),
    around,
  );
  if (named !== undefined) return [...ofNamed(setting, libraries), ...coreTypeNote(libraries, around)];
  const best = bestOf(libraries);
  const lines = libraries.map(({ file, verdict }): BlasLine => {
    if (verdict === undefined) return { state: 'refused', text: `native BLAS: ${file} could not be tried` };
    if (verdict.problem !== null)
      return { state: 'refused', text: `native BLAS: ${file} is refused: ${verdict.problem}` };
    if (!isUseful(verdict))
      return {
        state: 'refused',
        text: `native BLAS: ${file} is refused: it is slower than Nabla's own kernel`,
      };
    const used = best.state === 'ready' && best.file === file;
    return { state: used ? 'used' : 'spare', text: describe(used ? 'used' : 'not needed', file, verdict) };
  });
  if (best.state !== 'ready')
    lines.push({
      state: 'none',
      text: `native BLAS: none that works, ${OWN}`,
      advice: adviceFor(place.platform),
    });
  return [...lines.sort((x, y) => order(x) - order(y)), ...coreTypeNote(libraries, around)];
}

const order = ({ state }: BlasLine): number => ['none', 'used', 'spare', 'refused'].indexOf(state);

function tried(file: string, around: Surroundings): Known[] {
  const key = verdictKey(file, around.threads, around.place.env);
  if (key === undefined) return [];
  const verdict = around.tryNow(file);
  if (verdict === undefined) return [{ file, key, verdict }];
  writeVerdict(key, verdict, around.folder);
  return [{ file, key, verdict }];
}

/** Compares the best with Nabla's kernel, and the next one where that is faster. */
function compared(libraries: readonly Known[], around: Surroundings): Known[] {
  let known = [...libraries];
  for (;;) {
    const best = bestOf(known);
    if (best.state !== 'ready' || best.verdict.advantage !== undefined || around.compare === undefined)
      return known;
    const verdict = around.compare(best.file, best.verdict);
    writeVerdict(best.key, verdict, around.folder);
    known = known.map((each) => (each.file === best.file ? { ...each, verdict } : each));
  }
}

function ofNamed(setting: string, [library]: readonly (Known | undefined)[]): BlasLine[] {
  const verdict = library?.verdict;
  if (library === undefined || verdict === undefined)
    return [wrong(setting, 'it could not be tried', 'try again')];
  if (verdict.problem !== null)
    return [wrong(setting, verdict.problem, 'give the path of another library, or auto, or off')];
  return [{ state: 'used', text: describe('used', library.file, verdict) }];
}

const wrong = (setting: string, problem: string, advice: string): BlasLine => ({
  state: 'wrong',
  text: `native BLAS: NABLA_BLAS=${setting} is refused: ${problem}; ${OWN}`,
  advice,
});

function describe(use: string, file: string, { name, gflops, float64, advantage }: Verdict): string {
  const faster = advantage === undefined ? '' : `, ${advantage.toFixed(1)} times as fast as Nabla's kernel`;
  const types = float64 ? '' : ', float32 only';
  return `native BLAS: ${name}, ${use}: ${gflops.toFixed(0)} GFLOP/s on one thread${faster}${types} (${file})`;
}

/** OpenBLAS can be told to take itself for another processor's, which can halve it. */
function coreTypeNote(libraries: readonly Known[], around: Surroundings): BlasLine[] {
  const { OPENBLAS_CORETYPE: type } = around.place.env;
  const library = libraries.find(({ verdict }) => verdict?.name.startsWith('OpenBLAS'));
  if (!type || library?.verdict === undefined) return [];
  const free = around.tryNow(library.file, { OPENBLAS_CORETYPE: undefined });
  const speeds =
    free === undefined
      ? ''
      : `: ${library.verdict.gflops.toFixed(0)} GFLOP/s with it, ${free.gflops.toFixed(0)} without it`;
  return [
    {
      state: 'note',
      text: `OPENBLAS_CORETYPE=${type} makes OpenBLAS compute as on that processor${speeds}`,
      ...(free !== undefined && free.gflops > 1.1 * library.verdict.gflops
        ? { advice: 'unset OPENBLAS_CORETYPE' }
        : {}),
    },
  ];
}

function adviceFor(platform: string): string {
  const faster = 'a BLAS makes large products two to four times as fast';
  if (platform === 'linux')
    return `${faster}: install libopenblas0 (Debian, Ubuntu), openblas (Fedora, Arch), or name one in NABLA_BLAS`;
  return `${faster}: install OpenBLAS or MKL (conda has both), or name one in NABLA_BLAS`;
}
