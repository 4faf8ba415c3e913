// What Lambda's Node runtime is to a function: loads the bundle once, and hands it one event after the other.
// Arguments: the folder of the bundle and the handler as Lambda writes it, `<file>.<export>`.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';

const [folder, handlerName] = process.argv.slice(2);
const [file, name] = handlerName.split('.');
const { [name]: handler } = await import(pathToFileURL(join(folder, `${file}.mjs`)).href);

process.on('message', async (event) => {
  const context = {
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    awsRequestId: randomUUID(),
    getRemainingTimeInMillis: () => 60_000,
  };
  try {
    process.send({ answer: await handler(event, context) });
  } catch (error) {
    process.send({ error: inspect(error) });
  }
});
