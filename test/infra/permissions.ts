import type { Template } from 'aws-cdk-lib/assertions';

interface Statement {
  Effect: string;
  Action: string | string[];
  Resource: unknown;
  Condition?: Record<string, Record<string, string | string[]>>;
}

/** An action on a resource, with the context keys that AWS would evaluate. */
export interface Request {
  action: string;
  resource: string;
  context?: Record<string, string | string[]>;
}

/**
 * Evaluates the identity policies of a role as IAM does, for the subset that the stack uses: allow statements, `*` in
 * actions and resources, and the condition operators below.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function permissionsOf(template: Template, role: RegExp) {
  const policies = Object.values(template.findResources('AWS::IAM::Policy'));
  const statements: Statement[] = policies
    .filter(({ Properties }) => role.test(JSON.stringify(Properties.Roles)))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
  if (statements.length === 0) throw new Error(`no role fits ${role}`);
  return {
    can: (request: Request): boolean => statements.some((statement) => allows(statement, request)),
  };
}

function allows(
  { Effect, Action, Resource, Condition = {} }: Statement,
  request: Request,
): boolean {
  if (Effect !== 'Allow') return false;
  const actions = [Action].flat();
  const resources = (Array.isArray(Resource) ? Resource : [Resource]).map(asText);
  return (
    actions.some((action) => fits(action, request.action)) &&
    resources.some((resource) => fits(resource, request.resource)) &&
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) =>
        holds(operator, [wanted].flat(), request.context?.[key]),
      ),
    )
  );
}

function holds(operator: string, wanted: string[], given: string | string[] | undefined): boolean {
  const values = given === undefined ? [] : [given].flat();
  const isOneOf = (value: string) => wanted.some((pattern) => fits(pattern, value));
  switch (operator) {
    case 'StringEquals':
    case 'Bool':
      return values.length > 0 && values.every((value) => wanted.includes(value));
    case 'StringLikeIfExists':
      return values.every(isOneOf);
    case 'ForAllValues:StringEquals': // true for a request without the key
      return values.every((value) => wanted.includes(value));
    default:
      throw new Error(`the evaluator does not support ${operator}`);
  }
}

const fits = (pattern: string, text: string): boolean =>
  new RegExp(`^${pattern.split('*').map(escaped).join('.*')}$`, 's').test(text);

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** A resource as text, with the values known only at deployment in braces. */
export function asText(resource: unknown): string {
  if (typeof resource === 'string') return resource;
  const { 'Fn::Join': join, 'Fn::GetAtt': attribute, Ref: reference } = Object(resource);
  if (Array.isArray(join)) return join[1].map(asText).join(join[0]);
  if (Array.isArray(attribute))
    return `{${attribute[0].replace(/[0-9A-F]{8}$/, '')}.${attribute[1]}}`;
  return `{${reference}}`;
}
