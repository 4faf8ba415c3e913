import type { Reporter, TestModule } from 'vitest/node';

/** Ends a run with the one line that people and scripts look for: `N passed, N failed`. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    // A file that could not be loaded has no tests to fail, and an error outside a test belongs to none.
    const brokenFiles = modules.filter((module) => module.errors().length > 0).length;
    const failed = count('failed') + brokenFiles + unhandled.length;
    const skipped = count('skipped');

    // After the default reporter's summary, which is printed in the same turn.
    setImmediate(() => {
      const tail = skipped > 0 ? `, ${skipped} skipped` : '';
      process.stdout.write(`\n${count('passed')} passed, ${failed} failed${tail}\n`);
    });
  }
}
