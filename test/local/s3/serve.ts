import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { localS3 } from '#local/s3/server.ts';
import { BUCKET } from './bucket-name.ts';

/** `tsx serve.ts FOLDER`: a local S3 in a process of its own, to be killed; prints its port. */
const [folder = ''] = process.argv.slice(2);
const s3 = localS3({ folder });
await s3.createBucket(BUCKET);
const server = createServer((request, response) => void s3.handle(request, response));
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
