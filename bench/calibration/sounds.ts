import { at } from '#core/at.ts';
import { seededRandom } from '#training-image/data/seeded-random.ts';
import { type CalibrationDataset, type CalibrationImage, pngOf } from './dataset.ts';

type Random = () => number;

/** Air pressure at a time in seconds. */
type Sound = (t: number) => number;

const PER_CLASS = 300;
const RATE = 8_000; // samples per second
const SIDE = 48; // spectra side by side, each with as many frequencies
const WINDOW = 2 * SIDE; // samples
const HOP = 80; // samples between two spectra: 0.48 s in all
const TURN = 2 * Math.PI;
const SECONDS = (SIDE * HOP) / RATE;

/** Eight kinds of sound; each has its own pitch, loudness and rhythm. */
const KINDS: Record<string, (random: Random) => Sound> = {
  tone: (random) => {
    const pitch = between(random, 300, 3_000);
    return (t) => Math.sin(TURN * pitch * t);
  },
  rising: (random) => chirp(between(random, 300, 1_200), between(random, 1_500, 3_500)),
  falling: (random) => chirp(between(random, 1_500, 3_500), between(random, 300, 1_200)),
  chord: (random) => {
    const root = between(random, 250, 700);
    return (t) => [1, 1.5, 2.5, 4].reduce((sum, k) => sum + Math.sin(TURN * root * k * t) / 2, 0);
  },
  voice: (random) => {
    const [pitch, sway, speed] = [between(random, 180, 400), between(random, 0.5, 2), 5 + random()];
    const harmonics = [1, 2, 3, 4, 5, 6, 7, 8];
    return (t) => {
      const phase = pitch * t + sway * Math.sin(TURN * speed * t);
      return harmonics.reduce((sum, k) => sum + Math.sin(TURN * k * phase) / k, 0);
    };
  },
  siren: (random) => {
    const [pitch, swing] = [between(random, 900, 2_400), between(random, 200, 700)];
    const speed = between(random, 3, 8); // per second
    return (t) =>
      Math.sin(TURN * (pitch * t + (swing / (TURN * speed)) * Math.sin(TURN * speed * t)));
  },
  beeps: (random) => {
    const [pitch, speed] = [between(random, 300, 3_000), between(random, 5, 14)];
    return (t) => Number((t * speed) % 1 < 0.5) * Math.sin(TURN * pitch * t);
  },
  clicks: (random) => {
    const [speed, start] = [between(random, 5, 14), random()];
    return (t) => 4 * Math.exp(-300 * ((t + start / speed) % (1 / speed))) * (2 * random() - 1);
  },
};

/** Spectrograms of synthetic sounds in noise: time from left to right, frequency from bottom to top. */
export const SOUNDS: CalibrationDataset = {
  name: 'sounds',
  source: 'sounds',
  about: 'spectrograms of eight kinds of synthetic sounds in noise',
  load: async () => {
    const images: CalibrationImage[] = [];
    for (const [label, kind] of Object.entries(KINDS)) {
      for (let i = 0; i < PER_CLASS; i++) {
        const random = seededRandom('sounds', label, i);
        images.push({ png: await pngOf(spectrogram(kind(random), random), SIDE, 1), label });
      }
    }
    return images;
  },
};

const between = (random: Random, from: number, to: number): number => from + (to - from) * random();

function chirp(from: number, to: number): Sound {
  return (t) => Math.sin(TURN * (from * t + ((to - from) * t * t) / (2 * SECONDS)));
}

/** @returns uint8 [SIDE, SIDE]: log magnitude over 45 dB */
function spectrogram(sound: Sound, random: Random): Uint8Array {
  const loudness = between(random, 0.6, 3);
  const signal = Float64Array.from({ length: SIDE * HOP + WINDOW }, (_, i) => {
    const noise = random() + random() + random() - 1.5;
    return loudness * sound(i / RATE) + noise;
  });
  const pixels = new Uint8Array(SIDE * SIDE);
  for (let column = 0; column < SIDE; column++) {
    for (let k = 0; k < SIDE; k++) {
      let [real, imaginary] = [0, 0];
      for (let i = 0; i < WINDOW; i++) {
        const sample = at(signal, column * HOP + i) * at(HANN, i);
        const angle = (k * i) % WINDOW;
        real += sample * at(COSINES, angle);
        imaginary += sample * at(SINES, angle);
      }
      const decibels = 20 * Math.log10(Math.hypot(real, imaginary) + 1e-9);
      const level = Math.max(0, Math.min(1, (decibels + 5) / 45));
      pixels[(SIDE - 1 - k) * SIDE + column] = 255 * level;
    }
  }
  return pixels;
}

const inWindow = (value: (i: number) => number) =>
  Float64Array.from({ length: WINDOW }, (_, i) => value(i));
const HANN = inWindow((i) => 0.5 - 0.5 * Math.cos((TURN * i) / WINDOW));
const COSINES = inWindow((i) => Math.cos((TURN * i) / WINDOW));
const SINES = inWindow((i) => Math.sin((TURN * i) / WINDOW));
