// Metric lines on both streams, among others.
console.log('epoch=1 train_loss=0.9 validation_accuracy=0.5');
console.error('epoch=2 train_loss=2.5e-1 validation_accuracy=0.75');
console.log('epoch=3 train_loss=nan and more; no newline follows: test_accuracy=.');
process.stdout.write('last train_loss=-0.125');
