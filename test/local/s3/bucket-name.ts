/** The bucket of all tests. */
export const BUCKET = 'understudy';
