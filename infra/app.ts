import { App } from 'aws-cdk-lib';
import { PipelineStack } from './pipeline-stack.ts';
import { DEFAULT_STACK } from './settings.ts';

// Run by `npx understudy deploy`, or by `cdk deploy -c stack=Pets -c understudy='{"notifyEmail":"me@example.com"}'`; the
// settings may also be in cdk.json under "context".
const app = new App();
const wishes: unknown = app.node.tryGetContext('understudy') ?? {};
const settings = typeof wishes === 'string' ? JSON.parse(wishes) : wishes;
const name: string = app.node.tryGetContext('stack') ?? DEFAULT_STACK;
new PipelineStack(app, name, settings);
