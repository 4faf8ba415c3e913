/** Control characters, half characters, line separators, and marks that change the direction of text. */
export const UNPRINTABLE =
  '[\\p{Cc}\\p{Cs}\\u2028\\u2029\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]';

/** Whether a name could do anything in a terminal, a list of names or a mail but be read. */
export const isPrintable = (name: string): boolean => !new RegExp(UNPRINTABLE, 'u').test(name);
