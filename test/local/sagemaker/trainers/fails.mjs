console.error('no reason given');
process.exit(7);
