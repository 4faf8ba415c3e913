import { App, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { PipelineStack } from '#infra/pipeline-stack.ts';
import type { PipelineSettings } from '#infra/settings.ts';
import cdk from '../../cdk.json' with { type: 'json' };

export const IMAGE = `123456789012.dkr.ecr.eu-west-1.amazonaws.com/understudy@sha256:${'a'.repeat(64)}`;

/** The stack as CloudFormation gets it, without running esbuild; cdk-nag's findings are errors. */
export function synthesise(settings: PipelineSettings = {}): Template {
  const app = new App({ context: { ...cdk.context, 'aws:cdk:bundling-stacks': [] } });
  const stack = new PipelineStack(app, 'Understudy', { imageUri: IMAGE, ...settings });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return Template.fromStack(stack);
}
