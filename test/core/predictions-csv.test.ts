import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '#core/identity.ts';
import { predictionRows, predictionsCsv, type TestedImage } from '#core/predictions-csv.ts';

const anImage = (given: Partial<TestedImage> = {}): TestedImage => ({
  file: 'cat/1.jpg',
  label: 'cat',
  predicted: 'cat',
  confidence: 0.9,
  sha256: sha256('1'),
  ...given,
});

async function* inPieces(text: string, bytes: number) {
  const all = Buffer.from(text);
  for (let from = 0; from < all.length; from += bytes) yield all.subarray(from, from + bytes);
}

async function rowsOf(text: string, bytes = 4_096) {
  const rows = [];
  for await (const row of predictionRows(inPieces(text, bytes))) rows.push(row);
  return rows;
}

describe('predictions.csv', () => {
  it('has the wrong answers first, the most confident at the top, then the rest by file', () => {
    const text = predictionsCsv([
      anImage({ file: 'cat/2.jpg' }),
      anImage({ file: 'cat/1.jpg', confidence: 0.5 }),
      anImage({ file: 'cat/3.jpg', predicted: 'dog', confidence: 0.6 }),
      anImage({ file: 'cat/4.jpg', predicted: 'dog', confidence: 0.99999 }),
      anImage({ file: 'cat/0.jpg', predicted: 'dog', confidence: 0.6 }),
    ]);

    const digest = sha256('1');
    expect(text.split('\r\n')).toEqual([
      'file,class,predicted,confidence,correct,sha256',
      `cat/4.jpg,cat,dog,1.0000,false,${digest}`,
      `cat/0.jpg,cat,dog,0.6000,false,${digest}`,
      `cat/3.jpg,cat,dog,0.6000,false,${digest}`,
      `cat/1.jpg,cat,cat,0.5000,true,${digest}`,
      `cat/2.jpg,cat,cat,0.9000,true,${digest}`,
      '',
    ]);
  });

  it.each([
    ['=HYPERLINK("x")/1.jpg', `"'=HYPERLINK(""x"")/1.jpg"`],
    ['+1/1.jpg', "'+1/1.jpg"],
    ['-1/1.jpg', "'-1/1.jpg"],
    ['@a/1.jpg', "'@a/1.jpg"],
    ['\t=1.jpg', `"'\t=1.jpg"`],
    [' =1.jpg', "' =1.jpg"],
    ['＝1.jpg', "'＝1.jpg"],
    ['a;=1.jpg', '"a;=1.jpg"'],
    ['a, b\n"c".jpg', '"a, b\n""c"".jpg"'],
    ['a-b=c.jpg', 'a-b=c.jpg'],
  ])('writes the file name %j as %j: it is quoted, and never a formula', (file, cell) => {
    expect(predictionsCsv([anImage({ file })])).toContain(`\r\n${cell},cat,cat,`);
  });

  it('is read as it was written, whatever the names, and wherever its pieces are cut', async () => {
    const name = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .map((text) => text.replaceAll('a', '"\r\n'));
    const image = fc.record({
      file: name,
      label: name,
      predicted: name,
      confidence: fc.double({ min: 0, max: 1, noNaN: true }),
      sha256: name.map((text) => sha256(text)),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(image), fc.integer({ min: 1, max: 50 }), async (images, bytes) => {
        const rows = await rowsOf(predictionsCsv(images), bytes);

        const inert = (text: string) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
        const expected = images.map(({ label, predicted, sha256 }) => ({
          label: inert(label),
          predicted: inert(predicted),
          sha256,
        }));
        expect(rows).toHaveLength(images.length);
        expect(rows).toEqual(expect.arrayContaining(expected));
      }),
    );
  });

  it.each([
    ['is empty', ''],
    ['has another header', 'file,class\r\n'],
    ['ends within a row', predictionsCsv([anImage()]).slice(0, -10)],
    ['ends within quotation marks', `${predictionsCsv([])}"a`],
    ['has a row without an end', `${predictionsCsv([])}${'a'.repeat(200_000)}`],
    ['has a cell without an end', `${predictionsCsv([])}"${'a\n'.repeat(100_000)}`],
    ['has a misplaced quotation mark', `${predictionsCsv([])}a"b",b,c,1,true,x\r\n`],
    ['has a row without a digest', `${predictionsCsv([])}a,b,c,1,true,x\r\n`],
    ['has a row with too many cells', predictionsCsv([anImage()]).replace('cat/', 'cat,')],
  ])('is refused if it %s', async (_, text) => {
    await expect(rowsOf(text)).rejects.toMatchObject({ name: 'InvalidPredictions' });
  });
});
