/** The environment variable with the path of a training job's folder; the local pipeline sets it for each job. */
export const ML_FOLDER = 'ML_FOLDER';

/** Where SageMaker mounts it. */
export const DEFAULT_ML_FOLDER = '/opt/ml';

/** The number of characters of the failure file that SageMaker keeps. */
export const FAILURE_CHARACTERS = 1024;

/**
 * The paths inside a training job's folder, for its writers and for the trainer.
 * Names and letter case are SageMaker's; see its developer guide, "How Amazon SageMaker Provides Training Information".
 */
export const mlFolder = (root: string = DEFAULT_ML_FOLDER) => ({
  root,
  config: `${root}/input/config`,
  hyperparameters: `${root}/input/config/hyperparameters.json`, // every value a string
  inputDataConfig: `${root}/input/config/inputdataconfig.json`,
  resourceConfig: `${root}/input/config/resourceconfig.json`,
  data: `${root}/input/data`, // one folder per channel
  channel: (name: string) => `${root}/input/data/${name}`,
  model: `${root}/model`, // its contents at the end are the result of the training
  output: `${root}/output`,
  failure: `${root}/output/failure`, // the reason of a failure
  outputData: `${root}/output/data`, // other output, beside the model
  checkpoints: `${root}/checkpoints`, // synchronised with S3 while the trainer runs
});
export type MlFolder = ReturnType<typeof mlFolder>;

/** The folder of this process's training job. */
export const mlFolderOf = (environment: Readonly<Record<string, string | undefined>>): MlFolder =>
  mlFolder(environment[ML_FOLDER] || DEFAULT_ML_FOLDER);

/**
 * Whether a file below `checkpoints` is still being written, by its name: writers rename it when it is complete.
 * The local pipeline never copies such files; SageMaker copies everything, so readers of checkpoints skip them too.
 */
export const isUnfinished = (fileName: string): boolean =>
  fileName.startsWith('.') || fileName.endsWith('.tmp');
