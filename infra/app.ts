import { App } from 'aws-cdk-lib';
import { PipelineStack } from './pipeline-stack.ts';

// `cdk deploy -c understudy='{"notifyEmail":"me@example.com"}'`, or the same object in cdk.json under "context".
const app = new App();
const wishes: unknown = app.node.tryGetContext('understudy') ?? {};
const settings = typeof wishes === 'string' ? JSON.parse(wishes) : wishes;
new PipelineStack(app, 'Understudy', settings);
