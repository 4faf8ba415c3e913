import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import {
  type FunctionConfiguration,
  GetFunctionConfigurationCommand,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import { lastLines } from '#engine/tensorflow/run-command.ts';
import type { DeployedStack } from './deploy-stack.ts';
import { motoClient, REGION } from './moto-client.ts';

const RUNTIME = fileURLToPath(new URL('run-bundle.mjs', import.meta.url));

/** Runs a Lambda function of the stack once. */
export type Invoke = (functionArn: string, event: unknown) => Promise<unknown>;

/**
 * The stack's Lambda functions as processes of this machine: of each the very bundle that was deployed, with the
 * handler and the environment that Lambda tells of it, and nothing else of this process's environment.
 *
 * @param surroundings variables that a function has here and not on AWS
 */
export function lambdaFunctions(
  stack: DeployedStack,
  endpoint: string,
  surroundings: Record<string, string>,
) {
  const lambda = new LambdaClient(motoClient(endpoint));
  const running = new Map<string, Promise<ChildProcess>>();
  const log: string[] = [];

  async function start(FunctionName: string): Promise<ChildProcess> {
    const found = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    const bundle = stack.bundles.get(found.CodeSha256 ?? '');
    if (bundle === undefined)
      throw new Error(`nothing that was uploaded is ${FunctionName}'s code`);
    const child = fork(RUNTIME, [bundle, found.Handler ?? ''], {
      env: { ...environmentOf(found), ...surroundings },
      execArgv: [], // this process's options are vitest's
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const output of [child.stdout, child.stderr]) {
      output?.on('data', (data) => log.push(`${found.FunctionName}: ${data}`));
    }
    return child;
  }

  return {
    /** @throws what the function threw, or says that it died */
    async invoke(functionArn: string, event: unknown): Promise<unknown> {
      const starting = running.get(functionArn) ?? start(functionArn);
      running.set(functionArn, starting);
      const child = await starting;
      const over = new AbortController();
      const died = once(child, 'exit', { signal: over.signal }).then(([code]): never => {
        throw new Error(`${functionArn} ended with ${code}:\n${lastLines(log.join(''), 8)}`);
      });
      child.send(event as object);
      const [said] = await Promise.race([once(child, 'message'), died]);
      over.abort();
      if (said.error !== undefined) throw new Error(said.error);
      return said.answer;
    },
    log,
    async end(): Promise<void> {
      for (const child of await Promise.all(running.values())) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill();
        await once(child, 'exit');
      }
    },
  };
}

/** What the template gives a function, and what Lambda adds to it. */
const environmentOf = ({ FunctionName = '', Environment }: FunctionConfiguration) => ({
  ...Environment?.Variables,
  AWS_LAMBDA_FUNCTION_NAME: FunctionName,
  AWS_REGION: REGION,
  AWS_ACCESS_KEY_ID: 'any',
  AWS_SECRET_ACCESS_KEY: 'any',
});
