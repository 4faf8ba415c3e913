import { Stack, Validations } from 'aws-cdk-lib';
import type { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';

/** The wildcards that our permissions may contain, with the reason; any other is an error at synthesis. */
const REASONS: readonly [RegExp, string][] = [
  [
    /^[^*]*\/(datasets|jobs|teachers|students)\/\*$/,
    'The objects below a prefix cannot be named otherwise.',
  ],
  [
    /^[^*]*\/jobs\/\*\/(output\/\*|checkpoints\/\*|report\.json)$/,
    'Each job has its own folder, named when the job is created.',
  ],
  [
    /:training-job\/understudy-\*$/,
    'Training jobs are named when they are created; all of ours begin like this.',
  ],
  [
    /:log-group:\/aws\/sagemaker\/TrainingJobs:\*$/,
    'SageMaker names the log streams in its own log group.',
  ],
];

/** Actions that cannot be limited to a resource. Source: the service authorization reference. */
const WITHOUT_RESOURCE = new Set([
  'dynamodb:ListStreams',
  'cloudwatch:PutMetricData', // its condition names the namespace
  'ecr:GetAuthorizationToken',
]);

/** Acknowledges the intended wildcards of a policy to cdk-nag, finding by finding. */
export function acknowledgeWildcards(policy: Policy, statements: readonly PolicyStatement[]): void {
  for (const statement of statements) {
    for (const resource of statement.resources) {
      const finding = asFound(Stack.of(policy).resolve(resource));
      const reason = reasonFor(finding, statement);
      if (!finding.includes('*') || reason === undefined) continue;
      const id = `AwsSolutions::AwsSolutions-IAM5[Resource::${finding}]`;
      Validations.of(policy).acknowledge({ id, reason });
    }
  }
}

function reasonFor(finding: string, { actions }: PolicyStatement): string | undefined {
  if (finding !== '*') return REASONS.find(([form]) => form.test(finding))?.[1];
  const known = actions.every((action) => WITHOUT_RESOURCE.has(action));
  return known ? `${actions.join(' and ')} cannot be limited to a resource.` : undefined;
}

/** A resource as cdk-nag writes it: values known only at deployment are in angle brackets. */
function asFound(resolved: unknown): string {
  if (typeof resolved === 'string') return resolved;
  const { 'Fn::Join': join, 'Fn::GetAtt': attribute, Ref: reference } = Object(resolved);
  if (Array.isArray(join)) return join[1].map(asFound).join(join[0]);
  if (Array.isArray(attribute)) return `<${attribute.join('.')}>`;
  return `<${reference}>`;
}
