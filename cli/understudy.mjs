#!/usr/bin/env node
// The SDK warns on every start with Node 20, which this version of it supports.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
await import('tsx');
const { main } = await import('./main.ts');
await main(process.argv);
