process.on('SIGTERM', () => console.log('not now'));
setInterval(() => {}, 1000);
console.log(`up ${process.pid}`);
