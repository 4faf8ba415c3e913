import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costAtMost } from '#core/cost.ts';
import { advance, Job, type Observation, receive, TRANSITIONS } from '#core/job.ts';
import { FINAL, type State } from '#core/job-progress.ts';

const noon = new Date('2026-11-24T12:00:00.000Z');
const later = new Date('2026-11-24T12:05:00.000Z');
const RUN = 'understudy-pets-0123456789abcdef-a1';

const upload = {
  id: 'a'.repeat(64),
  bucket: 'understudy',
  name: 'pets',
  dataset: 'datasets/pets.zip',
  form: 'archive' as const,
  seal: '12-etag-x',
  recipeHash: 'r',
  recipeKey: 'datasets/pets.json',
  uploadedAt: noon.toISOString(),
};
const summary = {
  classes: 1,
  examples: 5,
  manifestSha256: 'm',
  recipeSha256: 'r',
};

const ACCEPTED: Observation = { type: 'dataset-validated', summary };
const BEGUN = { type: 'launch-started', trainingJobName: RUN } satisfies Observation;
const RUNNING: Observation = { type: 'training-running', trainingJobName: RUN };
const INTERRUPTED: Observation = { type: 'training-interrupted', trainingJobName: RUN };
const COMPLETED: Observation = {
  type: 'training-completed',
  trainingJobName: RUN,
  artifacts: 's3://understudy/o/',
};
const PUBLISHED: Observation = {
  type: 'student-published',
  version: 'v',
  accuracy: 0.9,
  interval95: [0.8, 0.95],
};
const CRASHED = {
  type: 'training-failed',
  trainingJobName: RUN,
  code: 'X',
  what: 'It broke.',
  remedy: 'Retry.',
} satisfies Observation;
const NO_ROOM = {
  type: 'launch-refused',
  trainingJobName: RUN,
  waitingFor: 'quota',
  reason: 'full',
} satisfies Observation;

const jobAfter = (...seen: Observation[]): Job =>
  seen.reduce((job, each) => advance(job, each, later), receive(upload, noon));
const stateAfter = (...seen: Observation[]): State => jobAfter(...seen).progress.state;

describe('advance', () => {
  it.each<[string, Observation[], State]>([
    ['a sound dataset', [ACCEPTED], 'validated'],
    ['a faulty dataset', [{ type: 'dataset-rejected', problems: [], problemCount: 1 }], 'rejected'],
    ['a launch', [ACCEPTED, BEGUN], 'launching'],
    ['a launch without room', [ACCEPTED, BEGUN, NO_ROOM], 'waiting'],
    ['a second try after waiting', [ACCEPTED, BEGUN, NO_ROOM, BEGUN, RUNNING], 'training'],
    ['a spot interruption', [ACCEPTED, BEGUN, RUNNING, INTERRUPTED], 'interrupted'],
    ['a restart after it', [ACCEPTED, BEGUN, RUNNING, INTERRUPTED, RUNNING], 'training'],
    ['a training whose running nobody saw', [ACCEPTED, BEGUN, COMPLETED], 'trained'],
    ['the whole way', [ACCEPTED, BEGUN, RUNNING, COMPLETED, PUBLISHED], 'published'],
    ['a crash of the trainer', [ACCEPTED, BEGUN, RUNNING, CRASHED], 'failed'],
    [
      'a retry after a crash',
      [ACCEPTED, BEGUN, RUNNING, CRASHED, { type: 'retry-requested' }],
      'validated',
    ],
    [
      'a cancel while training',
      [ACCEPTED, BEGUN, RUNNING, { type: 'cancel-requested' }],
      'cancelled',
    ],
    [
      'a cancel before validation, then a retry',
      [{ type: 'cancel-requested' }, { type: 'retry-requested' }],
      'received',
    ],
  ])('after %s the job is as the design says', (_, seen, state) => {
    expect(stateAfter(...seen)).toBe(state);
  });

  it('returns the very same job when an observation is repeated', () => {
    const job = jobAfter(ACCEPTED, BEGUN, RUNNING);

    expect(advance(job, RUNNING, later)).toBe(job);
    expect(advance(job, BEGUN, later)).toBe(job);
    expect(advance(job, ACCEPTED, later)).toBe(job);
  });

  it('ignores what is seen of another training job', () => {
    const job = jobAfter(ACCEPTED, BEGUN);

    expect(advance(job, { ...COMPLETED, trainingJobName: 'understudy-other-a1' }, later)).toBe(job);
  });

  it('never leaves a published or rejected job, whatever is seen', () => {
    const job = jobAfter(ACCEPTED, BEGUN, RUNNING, COMPLETED, PUBLISHED);

    for (const seen of [
      CRASHED,
      RUNNING,
      { type: 'cancel-requested' },
      { type: 'retry-requested' },
    ] as Observation[]) {
      expect(advance(job, seen, later)).toBe(job);
    }
  });

  it('does not begin a second attempt before the first is seen ended', () => {
    const retried = jobAfter(
      ACCEPTED,
      BEGUN,
      RUNNING,
      { type: 'cancel-requested' },
      { type: 'retry-requested' },
    );
    const second: Observation = {
      type: 'launch-started',
      trainingJobName: RUN.replace('-a1', '-a2'),
    };

    expect(advance(retried, second, later)).toBe(retried);
    const ended = advance(retried, CRASHED, later);
    expect(ended.progress.state).toBe('validated');
    expect(advance(ended, second, later).run).toMatchObject({ attempt: 2, ended: false });
  });

  it('uses the number of an attempt that never ran again', () => {
    expect(jobAfter(ACCEPTED, BEGUN, NO_ROOM, BEGUN).run?.attempt).toBe(1);
  });

  it('keeps the name and the bill of the run before, when the next launch is refused', () => {
    const second = RUN.replace('-a1', '-a2');
    const first: Observation[] = [
      { type: 'launch-started', trainingJobName: RUN },
      { ...CRASHED, billedSeconds: 300 },
      { type: 'retry-requested' },
    ];
    const launched = jobAfter(ACCEPTED, ...first, { ...BEGUN, trainingJobName: second });
    expect(launched.run).toMatchObject({ attempt: 2, trainingJobName: second, ended: false });

    const refused = advance(launched, { ...NO_ROOM, trainingJobName: second }, later);
    expect(refused.run).toEqual({
      attempt: 1,
      trainingJobName: RUN,
      ended: true,
      billedSeconds: 300,
    });
    const again = advance(refused, { ...BEGUN, trainingJobName: second }, later);
    expect(again.run).toMatchObject({
      attempt: 2,
      trainingJobName: second,
      previous: { attempt: 1, trainingJobName: RUN, billedSeconds: 300 },
    });
  });

  it('waits twice as long after each refusal, at most an hour', () => {
    const minutes = (job: Job) => (Date.parse(job.deadline ?? '') - later.getTime()) / 60_000;
    const rounds = (n: number) => jobAfter(ACCEPTED, ...Array(n).fill([BEGUN, NO_ROOM]).flat());

    expect([1, 2, 3, 9].map((n) => minutes(rounds(n)))).toEqual([2, 4, 8, 60]);
    expect(rounds(200).history.length).toBeLessThan(8);
  });

  it('waits longer each time that a training ends for want of capacity, and then begins another', () => {
    const named = (attempt: number) => RUN.replace('-a1', `-a${attempt}`);
    const round = (attempt: number): Observation[] => [
      { type: 'launch-started', trainingJobName: named(attempt) },
      { type: 'training-running', trainingJobName: named(attempt) },
      { type: 'training-no-capacity', trainingJobName: named(attempt), reason: 'CapacityError' },
    ];
    const minutes = (job: Job) => (Date.parse(job.deadline ?? '') - later.getTime()) / 60_000;

    const once = jobAfter(ACCEPTED, ...round(1));
    const twice = jobAfter(ACCEPTED, ...round(1), ...round(2));

    expect(once.progress).toMatchObject({ state: 'waiting', waitingFor: 'capacity' });
    expect(once.run).toMatchObject({ attempt: 1, ended: true });
    expect(twice.run).toMatchObject({ attempt: 2, ended: true });
    expect([minutes(once), minutes(twice)]).toEqual([2, 4]);
    expect(once.outbox).toEqual([]); // nothing to tell anybody yet

    const trained = jobAfter(ACCEPTED, ...round(1), ...round(2).slice(0, 2), {
      type: 'training-no-capacity',
      trainingJobName: named(2),
      reason: 'CapacityError',
      billedSeconds: 300, // it had capacity for a while
    });
    expect(minutes(trained)).toBe(2);
  });

  it('lets a validated job wait for a slot without a launch', () => {
    const waiting = jobAfter(ACCEPTED, { type: 'slot-refused', reason: '2 of 2 slots' });

    expect(waiting.progress).toMatchObject({ state: 'waiting', waitingFor: 'concurrency' });
    expect(waiting.run).toBeUndefined();
    expect(advance(waiting, { type: 'slot-refused', reason: '2 of 2 slots' }, later)).toBe(waiting);
  });

  it('announces each final state once, and forgets what was announced', () => {
    const job = jobAfter(ACCEPTED, BEGUN, RUNNING, COMPLETED, PUBLISHED);
    const [announcement] = job.outbox;

    expect(job.outbox).toHaveLength(1);
    expect(announcement?.sentence).toContain('90.0%');
    const told = advance(job, { type: 'announced', announcementId: announcement?.id ?? '' }, later);
    expect(told.outbox).toEqual([]);
    expect(told.deadline).toBeUndefined();
  });

  it('ends a job whose stage throws five times in a row, and says so', () => {
    const threw = { type: 'stage-threw', reason: 'Cannot read properties of undefined' } as const;
    const four = jobAfter(threw, threw, threw, threw);
    expect(four.progress.state).toBe('received');

    const five = advance(four, threw, later);
    expect(five.progress).toMatchObject({ state: 'failed', code: 'STAGE_FAILED' });
    expect(five.outbox[0]?.sentence).toBe(
      'Training "pets" failed (STAGE_FAILED): Validating the dataset failed 5 times in a row: Cannot read properties of undefined. Retry the job when the cause is corrected; the log has the details. If it fails again, please report it.'.replace(
        /"(.*?)"/,
        '“$1”',
      ),
    );
    expect(advance(five, threw, later)).toBe(five);
  });

  it('starts a killed trainer again once, from its checkpoint, where that costs nothing', () => {
    const killed = { ...CRASHED, code: 'TRAINER_KILLED' };
    const first = jobAfter(ACCEPTED, BEGUN, RUNNING, killed);
    expect(first.progress).toMatchObject({
      state: 'waiting',
      reason: expect.stringContaining('It broke.'),
    });
    expect(first.outbox).toEqual([]);

    const trainingJobName = RUN.replace('-a1', '-a2');
    const second = [
      { type: 'launch-started', trainingJobName },
      { type: 'training-running', trainingJobName },
      { ...killed, trainingJobName },
    ] satisfies Observation[];
    const again = second.reduce((job, each: Observation) => advance(job, each, later), first);
    expect(again.progress).toMatchObject({ state: 'failed', code: 'TRAINER_KILLED' });

    const estimate = costAtMost(['ml.g4dn.xlarge'], { minutes: 10 });
    const paid = jobAfter(ACCEPTED, { ...BEGUN, estimate }, RUNNING, killed);
    expect(paid.progress.state).toBe('failed');
  });

  it('keeps what SageMaker does before it trains, without another entry in the history', () => {
    const pending = { ...RUNNING, step: 'Pending', message: 'Waiting for an instance' } as const;
    const waiting = jobAfter(ACCEPTED, BEGUN, pending);
    const trains = advance(waiting, RUNNING, later);

    expect(waiting.progress).toEqual({
      state: 'training',
      step: 'Pending',
      message: 'Waiting for an instance',
    });
    expect(advance(waiting, pending, later)).toBe(waiting);
    expect(trains.progress).toEqual({ state: 'training' });
    expect(trains.history).toEqual(waiting.history);
  });

  it('remembers which instance types were not to be had, until one has trained', () => {
    const trainingJobName = RUN;
    const starved = jobAfter(ACCEPTED, BEGUN, RUNNING, {
      ...{ type: 'training-no-capacity', trainingJobName, reason: 'none' },
      instanceType: 'ml.g5.xlarge',
    });
    const again = RUN.replace('-a1', '-a2');
    const trained = [
      { type: 'launch-started', trainingJobName: again },
      { type: 'training-running', trainingJobName: again },
      {
        type: 'training-no-capacity',
        trainingJobName: again,
        reason: 'taken back',
        billedSeconds: 9,
      },
    ] satisfies Observation[];

    expect(starved.starved).toEqual({ 'ml.g5.xlarge': 1 });
    const after = trained.reduce((job, each: Observation) => advance(job, each, later), starved);
    expect(after.progress.state).toBe('waiting');
    expect(after.starved).toBeUndefined();
  });

  it('counts the exceptions of one state only', () => {
    const threw = { type: 'stage-threw', reason: 'It broke.' } as const;
    const job = jobAfter(threw, threw, threw, threw, ACCEPTED, threw);

    expect(job.progress.state).toBe('validated');
    expect(job.failures).toBe(1);
  });

  it('keeps looking after a cancelled job until its training job is seen ended', () => {
    const cancelled = jobAfter(ACCEPTED, BEGUN, RUNNING, { type: 'cancel-requested' });
    const told = advance(
      cancelled,
      { type: 'announced', announcementId: cancelled.outbox[0]?.id ?? '' },
      later,
    );

    expect(told.deadline).toBeDefined();
    expect(advance(told, CRASHED, later).deadline).toBeUndefined();
  });

  it('keeps its promises under any history', () => {
    const any = fc.constantFrom<Observation>(
      ACCEPTED,
      BEGUN,
      NO_ROOM,
      RUNNING,
      INTERRUPTED,
      COMPLETED,
      CRASHED,
      PUBLISHED,
      { type: 'training-no-capacity', trainingJobName: RUN, reason: 'CapacityError' },
      { type: 'stage-failed', code: 'X', what: 'It broke.', remedy: 'Retry.' },
      { type: 'stage-threw', reason: 'It broke.' },
      { type: 'cancel-requested' },
      { type: 'retry-requested' },
    );
    fc.assert(
      fc.property(fc.array(any, { maxLength: 60 }), (seen) => {
        let job = receive(upload, noon);
        for (const each of seen) {
          const next = advance(job, each, later);
          if (next === job) continue;
          const [from, to] = [job.progress.state, next.progress.state];
          expect(from === to || TRANSITIONS[from].includes(to)).toBe(true);
          expect(next.version).toBe(job.version + 1);
          expect(Job.safeParse(next).success).toBe(true);
          // Nothing open is forgotten: who is not final, or has something to say, has a deadline.
          if (!FINAL.has(to) || next.outbox.length > 0) expect(next.deadline).toBeDefined();
          expect(advance(next, each, later).version - next.version).toBeLessThanOrEqual(1);
          job = next;
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
