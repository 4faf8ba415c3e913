import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ONE_THREAD } from '../start-contender.ts';
import type { Answer, Order } from './trainer.ts';

/** A process that trains students, one at a time. */
export interface Trainer {
  /** @returns the result, or an error; if the process has died, the next order starts a new one */
  train(order: Order): Promise<Answer>;
  stop(): void;
}

const MAX_ORDERS = 40; // chosen: TensorFlow keeps some memory of each model that it has loaded

/** Starts a trainer on one thread; its process starts with the first order, and is replaced after forty. */
export function startTrainer(): Trainer {
  let child: ChildProcess | undefined;
  let orders = 0;

  const stop = () => {
    child?.kill();
    child = undefined;
  };
  return {
    async train(order) {
      if (orders >= MAX_ORDERS || child?.exitCode !== null) {
        stop();
        child = forkTrainer();
        orders = 0;
      }
      orders += 1;
      const current = child;
      const settled = new AbortController(); // removes the listener that was not called
      const { signal } = settled;
      const died = once(current, 'exit', { signal }).then(([exit, killedBy]): Answer => {
        return { error: `The trainer ended with ${killedBy ?? exit}.` };
      });
      const answered = once(current, 'message', { signal }).then(([message]) => message as Answer);
      current.send(order);
      try {
        return await Promise.race([answered, died]);
      } finally {
        settled.abort();
        await Promise.allSettled([answered, died]);
      }
    },
    stop,
  };
}

function forkTrainer(): ChildProcess {
  const program = fileURLToPath(new URL('trainer.ts', import.meta.url));
  const { PATH, HOME, UNDERSTUDY_CACHE, XDG_CACHE_HOME } = process.env;
  return fork(program, {
    execArgv: ['--import', 'tsx'],
    env: { PATH, HOME, UNDERSTUDY_CACHE, XDG_CACHE_HOME, ...ONE_THREAD },
  });
}
