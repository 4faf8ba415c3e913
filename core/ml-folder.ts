/** The environment variable that says where the folder of a training job lies; the local form sets it for each job. */
export const ML_FOLDER = 'ML_FOLDER';

/** Where SageMaker mounts it. */
export const DEFAULT_ML_FOLDER = '/opt/ml';

/** SageMaker keeps this many characters of the failure file. */
export const FAILURE_CHARACTERS = 1024;

/**
 * The places inside the folder of a training job, for those who fill it and for the trainer in it.
 * Names and letter case are SageMaker's: its developer guide, "How Amazon SageMaker Provides Training Information".
 */
export const mlFolder = (root: string = DEFAULT_ML_FOLDER) => ({
  root,
  config: `${root}/input/config`,
  hyperparameters: `${root}/input/config/hyperparameters.json`, // every value a string
  inputDataConfig: `${root}/input/config/inputdataconfig.json`,
  resourceConfig: `${root}/input/config/resourceconfig.json`,
  data: `${root}/input/data`, // a folder a channel
  channel: (name: string) => `${root}/input/data/${name}`,
  model: `${root}/model`, // what lies here at the end is the training's result
  output: `${root}/output`,
  failure: `${root}/output/failure`, // why the trainer gave up
  outputData: `${root}/output/data`, // what else is worth keeping, beside the model
  checkpoints: `${root}/checkpoints`, // kept in step with S3 while the trainer runs
});
export type MlFolder = ReturnType<typeof mlFolder>;

/** The folder this process trains in. */
export const mlFolderOf = (environment: Readonly<Record<string, string | undefined>>): MlFolder =>
  mlFolder(environment[ML_FOLDER] || DEFAULT_ML_FOLDER);

/**
 * A file under a name like this is still being written, under `checkpoints`: write it, then rename it.
 * The local form copies it nowhere; SageMaker copies all it finds, so whoever reads checkpoints passes these over too.
 */
export const isUnfinished = (fileName: string): boolean =>
  fileName.startsWith('.') || fileName.endsWith('.tmp');
