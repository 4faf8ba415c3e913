import { csvRow } from './csv.ts';

// `predictions.csv`: the answers of a student in its test, one row per image, as RFC 4180 describes it.

/** A test image, and what a student that had not learned from it took it for. */
export interface TestedImage {
  file: string; // path within the dataset
  label: string; // name of the class that it is in
  predicted: string; // name of the class with the largest probability
  confidence: number; // that probability, 0..1, after temperature scaling
  sha256: string; // of the file, hex
}

const COLUMNS = ['file', 'class', 'predicted', 'confidence', 'correct', 'sha256'];

/** The text of the file: wrong answers first, the most confident ones at the top; then the rest by file. */
export function predictionsCsv(images: readonly TestedImage[]): string {
  const isWrong = ({ label, predicted }: TestedImage) => label !== predicted;
  const byFile = (a: TestedImage, b: TestedImage) => (a.file < b.file ? -1 : 1);
  const wrong = images.filter(isWrong).sort((a, b) => b.confidence - a.confidence || byFile(a, b));
  const right = images.filter((image) => !isWrong(image)).sort(byFile);
  const rows = [...wrong, ...right].map((image) => [
    image.file,
    image.label,
    image.predicted,
    image.confidence.toFixed(4),
    String(!isWrong(image)),
    image.sha256,
  ]);
  return [COLUMNS, ...rows].map(csvRow).join('');
}

/** A row of the file, as far as another student can be compared with it. */
export interface PredictionRow {
  label: string; // with the apostrophe, if the cell has one
  predicted: string;
  sha256: string;
}

/** The text is not that of a `predictions.csv`. */
export class InvalidPredictions extends Error {
  override name = 'InvalidPredictions';
}

/**
 * Reads the file piece by piece.
 *
 * @throws InvalidPredictions
 */
export async function* predictionRows(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<PredictionRow> {
  let isHeader = true;
  for await (const cells of csvRows(chunks)) {
    if (isHeader) {
      if (cells.join() !== COLUMNS.join()) throw new InvalidPredictions('the header is another');
      isHeader = false;
      continue;
    }
    const [, label = '', predicted = '', , , sha256 = ''] = cells;
    if (cells.length !== COLUMNS.length || !/^[0-9a-f]{64}$/.test(sha256))
      throw new InvalidPredictions('a row is incomplete');
    yield { label, predicted, sha256 };
  }
  if (isHeader) throw new InvalidPredictions('the file is empty');
}

const MAX_ROW = 100_000; // characters; chosen: a file's name has at most 1,024 bytes

/** The cells of each row of a CSV file; line breaks may be CRLF or LF. */
async function* csvRows(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = ''; // after the last line break
  let row: string | undefined; // a row that goes on in the next line, within quotation marks
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_ROW) throw new InvalidPredictions('a row is too long');
    for (const line of lines) {
      const isOdd = line.split('"').length % 2 === 0; // of its quotation marks: one opens or closes
      const goesOn = isOdd === (row === undefined);
      row = row === undefined ? line : `${row}\n${line}`;
      if (row.length > MAX_ROW) throw new InvalidPredictions('a row is too long');
      if (goesOn) continue;
      yield cellsOf(row.replace(/\r$/, ''));
      row = undefined;
    }
  }
  if (rest !== '' || row !== undefined) throw new InvalidPredictions('the file ends within a row');
}

function cellsOf(row: string): string[] {
  if (!row.includes('"')) return row.split(',');
  const cell = /(?:"([^"]*(?:""[^"]*)*)"|([^",]*))(,|$)/y;
  const cells: string[] = [];
  for (;;) {
    const [, quoted, plain = '', end] = cell.exec(row) ?? [];
    if (end === undefined) throw new InvalidPredictions('a quotation mark is misplaced');
    cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === '') return cells;
  }
}
