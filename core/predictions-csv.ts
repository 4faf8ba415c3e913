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
const LINE_END = '\r\n';

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
  return [COLUMNS, ...rows].map((row) => row.map(cell).join(',') + LINE_END).join('');
}

/** A spreadsheet would run a cell that begins like a formula; with an apostrophe in front it is text. */
function cell(text: string): string {
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
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

/** The cells of each row of a CSV file; line breaks may be CRLF or LF. */
async function* csvRows(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let row: string[] = [];
  let text = '';
  let isQuoted = false; // inside quotation marks, or just after the one that may end them
  let mayEnd = false; // after a quotation mark inside: the end, or the first of two that stand for one
  for await (const chunk of chunks) {
    for (const character of decoder.decode(chunk, { stream: true })) {
      if (isQuoted && !mayEnd) {
        if (character === '"') mayEnd = true;
        else text += character;
      } else if (character === '"') {
        if (mayEnd) text += '"';
        isQuoted = true;
        mayEnd = false;
      } else {
        isQuoted = false;
        mayEnd = false;
        if (character === ',' || character === '\n') {
          row.push(text);
          text = '';
          if (character === '\n') {
            yield row;
            row = [];
          }
        } else if (character !== '\r') text += character;
      }
    }
  }
  if (isQuoted || text !== '' || row.length > 0)
    throw new InvalidPredictions('the file ends within a row');
}
