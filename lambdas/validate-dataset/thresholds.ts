/** Every limit by which a dataset is judged. */
export const THRESHOLDS = {
  /** One class leaves nothing to tell apart. */
  minClasses: 2,
  /** The card has a confusion matrix, and the evaluation resamples it: both grow with the square of the classes. */
  maxClasses: 1_000,
  /** Chosen: with fewer images, almost nothing could be held out for validation and testing. */
  minExamples: 5,
  /** Of all lists together. Chosen: 200,000 long paths with labels have 30 MB. */
  maxListBytes: 48 * 1024 ** 2,
  /** Chosen: real datasets have one list for each part; more are annotations of single images. */
  maxLists: 64,
  /** Listed files that are missing: chosen; a typing error or two are told, a forgotten folder is refused. */
  maxMissing: 0.01,
  /** And in a long list, no more than somebody would look up. */
  maxMissingFiles: 100,
  /** Two parts of a split have most classes in common; classes are rarely divided alike. */
  sameClasses: 0.5,
  /** Numeric labels with more distinct values than this, few of which repeat, are measurements. */
  maxNumericLabels: 50,
  /** Files named for a rule that left them out. */
  namedLeftOut: 5,
} as const;
