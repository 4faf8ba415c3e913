// A local DynamoDB in a process of its own, for tests that kill it: `server-process.ts FOLDER` prints its endpoint.
import { localDynamoDb } from '#local/dynamodb/dynamodb.ts';
import { serve } from '../events/serve.ts';

const dynamo = await localDynamoDb({ folder: process.argv[2] ?? '' });
const { endpoint } = await serve({ DynamoDB: dynamo.handle });
console.log(endpoint);
