import { mkdir, rm, writeFile } from 'node:fs/promises';
import type { MlFolder } from '#core/ml-folder.ts';
import type { CreateTrainingJobRequest } from './requests.ts';

const HOST = 'algo-1';
const GROUP = 'homogeneousCluster';

/** Creates what a container finds in /opt/ml, except the data; of an earlier run, only the checkpoints are kept. */
export async function prepareFolder(
  ml: MlFolder,
  request: CreateTrainingJobRequest,
  instanceType: string,
): Promise<void> {
  for (const folder of [ml.config, ml.data, ml.model, ml.output]) {
    await rm(folder, { recursive: true, force: true });
  }
  for (const folder of [ml.config, ml.data, ml.model, ml.outputData, ml.checkpoints]) {
    await mkdir(folder, { recursive: true });
  }
  await writeJson(ml.hyperparameters, request.HyperParameters ?? {});
  await writeJson(ml.inputDataConfig, inputDataConfig(request));
  await writeJson(ml.resourceConfig, resourceConfig(instanceType));
}

function inputDataConfig({ InputDataConfig = [] }: CreateTrainingJobRequest) {
  const channels = InputDataConfig.map(({ ChannelName, ContentType, DataSource }) => {
    const { S3DataDistributionType = 'FullyReplicated' } = DataSource.S3DataSource;
    const config = {
      ...(ContentType !== undefined && { ContentType }),
      TrainingInputMode: 'File',
      S3DistributionType: S3DataDistributionType,
      RecordWrapperType: 'None',
    };
    return [ChannelName, config];
  });
  return Object.fromEntries(channels);
}

function resourceConfig(type: string) {
  const hosts = [HOST];
  return {
    current_host: HOST,
    current_instance_type: type,
    current_group_name: GROUP,
    hosts,
    instance_groups: [{ instance_group_name: GROUP, instance_type: type, hosts }],
    network_interface_name: 'lo',
  };
}

const writeJson = (path: string, value: unknown): Promise<void> =>
  writeFile(path, JSON.stringify(value));
