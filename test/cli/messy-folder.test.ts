import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeReport } from '#cli/describe-report.ts';
import { judgeAnywhere } from '#cli/judge-anywhere.ts';
import { seededRandom } from '#training-image/data/seeded-random.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-messy-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let seed = 0;
async function photograph(): Promise<Buffer> {
  const random = seededRandom('messy', ++seed);
  const [width, height, channels] = [64, 48, 3] as const;
  const pixels = Uint8Array.from({ length: width * height * channels }, () => 256 * random());
  return sharp(pixels, { raw: { width, height, channels } }).jpeg().toBuffer();
}

async function put(path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
}

it('tells the owner of a messy folder everything, in words that say what to do', async () => {
  for (let i = 0; i < 6; i++) {
    await put(`Cat/Screenshot 2026-11-0${i + 1} at 10.0${i}.15 PM.jpg`, await photograph());
    await put(`café/${i}.jpg`.normalize('NFC'), await photograph());
    await put(`café/1${i}.jpg`.normalize('NFD'), await photograph());
    await put(`dog/license-${i}.jpg`, await photograph());
  }
  await put('cat /IMG_001.JPG', await photograph());
  await put('cat /IMG_002.JPG', await photograph());
  await put('dog/license-0.xmp', '<x:xmpmeta/>');
  await put('dog/license-0.jpg.json', '{"title": "license-0.jpg"}');
  for (const junk of ['Thumbs.db', '._license-1.jpg', '.DS_Store']) await put(`dog/${junk}`, 'x');
  const whole = await photograph();
  await put('dog/half.jpg', whole.subarray(0, whole.length / 2));
  await put('dog/page.jpg', '<!DOCTYPE html><html></html>');
  await put('dog/zero.png', '');
  await put('dog/clip.MOV', 'x');
  await put('notes.txt', 'call Anna');
  await put('holiday.jpg', await photograph());
  await put('.hidden/1.jpg', await photograph());
  await mkdir(join(folder, 'bird'));
  await symlink('/media/usb/gone.jpg', join(folder, 'dog', 'linked.jpg'));

  const report = await judgeAnywhere(folder, undefined, {});

  expect(`${describeReport(report)}\n`).toBe(`  CLASS    IMAGES
  .hidden  1
  Cat      6
  café     12
  cat      2
  dog      9
Images: 30, classes: 5; the split is made for you.
Taken for one folder of images per class.
Files: 30 images, 7 left out.
Left out: 3 files: left behind by an operating system or a tool (dog/.DS_Store, dog/._license-1.jpg, dog/Thumbs.db).
Left out: 3 files: not an image, by its name (dog/license-0.xmp, dog/license-0.jpg.json, notes.txt).
Left out: 1 file: a video or a sound, not an image (dog/clip.MOV).
Warning: bird: The folder has no image; it is no class. Put images into it, or remove it.
Warning: dog/half.jpg: The image lacks its end. Look at it: the training uses it if at most 2% of the picture is missing, and otherwise ends before it begins to learn.
Problems (6):
  .hidden: The class ".hidden" has 1 image; the minimum is 5. Its name begins with a dot, so that file managers do not show the folder. Add images to the class, or remove the folder.
  cat : The classes "Cat" and "cat " differ only in case or spaces. Move all images of "cat " into "Cat" if they are one class; otherwise give them names that differ in more.
  dog/linked.jpg: It is a broken link. Remove it or restore its target.
  dog/page.jpg: The file is a web page, not an image, despite its name. Download it again; what came was not the image.
  dog/zero.png: The file is empty. Replace or remove it.
  holiday.jpg: The file is not in a class folder. Move it into the folder of its class, or remove it.
`);
});

it('says of an empty folder only what it lacks', async () => {
  await mkdir(join(folder, 'nothing'));

  expect(
    describeReport(await judgeAnywhere(join(folder, 'nothing'), undefined, {})),
  ).toBe(`Images: 0, classes: 0.
Problems (1):
  the dataset: There are no class folders. Make one folder per class, at least two, and put the images into them.`);
});

it('names two files that no zip could tell apart', async () => {
  const path = join(folder, 'twins');
  for (const name of ['café/1.jpg'.normalize('NFC'), 'café/1.jpg'.normalize('NFD')])
    await put(join('twins', name), await photograph());

  const { problems } = await judgeAnywhere(path, undefined, {});

  expect(problems).toContainEqual(
    expect.objectContaining({ code: 'ENTRY_TWICE', where: 'café/1.jpg' }),
  );
});
