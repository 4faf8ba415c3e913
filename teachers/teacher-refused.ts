/** A teacher's file that is not what the catalogue or its format says; the message is a sentence for the terminal. */
export class TeacherRefused extends Error {
  override name = 'TeacherRefused';
}

export function refuse(sentence: string): never {
  throw new TeacherRefused(sentence);
}
