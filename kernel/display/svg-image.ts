/** A PNG of an SVG: for frontends that show none (GitHub), or only one that they trust. */
import { createRequire } from 'node:module';

type Resvg = typeof import('@resvg/resvg-js');

/** Larger ones stay what they are: drawing them would take seconds. */
const MOST_CHARACTERS = 500_000;
const FONTS = [400, 600].map(
  (weight) =>
    `@expo-google-fonts/inter/${weight}${weight === 400 ? 'Regular/Inter_400Regular' : 'SemiBold/Inter_600SemiBold'}.ttf`,
);

/** At twice its size on white; null where it cannot be drawn. */
export function pngOfSvg(svg: string): { base64: string; width: number; height: number } | null {
  if (svg.length > MOST_CHARACTERS) return null;
  try {
    const { resolve } = createRequire(import.meta.url);
    const { Resvg } = createRequire(import.meta.url)('@resvg/resvg-js') as Resvg;
    const image = new Resvg(svg, {
      background: '#ffffff',
      fitTo: { mode: 'zoom', value: 2 },
      font: {
        loadSystemFonts: true,
        fontFiles: FONTS.map((id) => resolve(id)),
        defaultFontFamily: 'Inter',
        sansSerifFamily: 'Inter',
      },
    }).render();
    const { width, height } = image;
    return {
      base64: Buffer.from(image.asPng()).toString('base64'),
      width: Math.round(width / 2),
      height: Math.round(height / 2),
    };
  } catch {
    return null;
  }
}
