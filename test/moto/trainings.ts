import { join } from 'node:path';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import type { BusEventInput } from '#local/events/bus.ts';
import { localSageMaker } from '#local/sagemaker/sagemaker.ts';
import { TRAINER } from '#local/start-pipeline.ts';
import { serve } from '../local/events/serve.ts';
import { motoClient } from './moto-client.ts';

export interface TrainingOptions {
  endpoint: string; // moto's
  image: string; // what the stack calls the trainer
  variables: Record<string, string>; // what the image sets
  folder: string;
}

/**
 * The one service that moto only pretends to have: our SageMaker with the real trainer, which takes its data from
 * moto's S3, leaves its results there, and tells moto's default bus of every change.
 */
export async function trainings({ endpoint, image, variables, folder }: TrainingOptions) {
  const events = new EventBridgeClient(motoClient(endpoint));
  const told: Promise<unknown>[] = [];
  const started = new Set<string>();
  const sageMaker = await localSageMaker({
    folder: join(folder, 'sagemaker'),
    s3: new S3Client(motoClient(endpoint)),
    images: new Map([[image, { ...TRAINER, env: variables }]]),
    maxConcurrentJobs: 1,
    publish(event: BusEventInput) {
      const { source: Source, 'detail-type': DetailType, detail } = event;
      const Entries = [{ Source, DetailType, Detail: JSON.stringify(detail) }];
      told.push(events.send(new PutEventsCommand({ Entries })));
      started.add(String(Object(detail).TrainingJobName));
    },
  });
  const server = await serve({ SageMaker: sageMaker.handle });
  return {
    endpoint: server.endpoint,
    /** the names of all training jobs so far */
    started: (): string[] => [...started],
    /** Resolves when every training has ended, and the bus knows. */
    async ended(): Promise<void> {
      await sageMaker.idle();
      await Promise.all(told);
    },
    async end(): Promise<void> {
      await server.close();
      await sageMaker.close();
    },
  };
}
