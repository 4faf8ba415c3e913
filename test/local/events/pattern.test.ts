import { describe, expect, it } from 'vitest';
import {
  ANNOUNCEMENTS,
  ROWS_WITH_ANNOUNCEMENTS,
  TRAININGS,
  UPLOADS,
  VALIDATED_ROWS,
} from '#core/wiring.ts';
import { compilePattern } from '#local/events/pattern.ts';

const matches = (pattern: Record<string, unknown>, event: unknown) =>
  compilePattern(pattern)(event);

describe('compilePattern', () => {
  // The rows are the examples of https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
  it.each([
    [
      'and',
      { Location: ['New York'], Day: ['Monday'] },
      { Location: 'New York', Day: 'Monday' },
      { Location: 'New York', Day: 'Friday' },
    ],
    ['equals', { Name: ['Alice'] }, { Name: 'Alice' }, { Name: 'alice' }],
    ['equals a number', { Price: [100] }, { Price: 100.0 }, { Price: '100' }],
    [
      'any of',
      { PaymentType: ['Credit', 'Debit'] },
      { PaymentType: 'Debit' },
      { PaymentType: 'Cash' },
    ],
    ['any of a list in the event', { tags: ['b', 'c'] }, { tags: ['a', 'b'] }, { tags: ['a'] }],
    ['empty', { LastName: [''] }, { LastName: '' }, { LastName: 'x' }],
    ['null', { UserID: [null] }, { UserID: null }, { Other: 1 }],
    [
      'begins with',
      { Region: [{ prefix: 'us-' }] },
      { Region: 'us-east-1' },
      { Region: 'eu-us-1' },
    ],
    [
      'nested',
      { detail: { object: { key: [{ prefix: 'datasets/' }] } } },
      { detail: { object: { key: 'datasets/a.zip' } } },
      { detail: { object: { key: 'jobs/a' } } },
    ],
    [
      'one element of a list of objects',
      { list: { a: [1], b: [2] } },
      { list: [{ a: 0 }, { a: 1, b: 2 }] },
      { list: [{ a: 1 }, { b: 2 }] },
    ],
    [
      'a DynamoDB stream record',
      { dynamodb: { NewImage: { state: { S: ['validated'] } } } },
      { dynamodb: { NewImage: { state: { S: 'validated' } } } },
      { dynamodb: { Keys: {} } },
    ],
  ])('%s', (_, pattern, hit, miss) => {
    expect(matches(pattern, hit)).toBe(true);
    expect(matches(pattern, miss)).toBe(false);
  });

  it.each([
    ['a bare value', { source: 'aws.s3' }],
    ['an empty list', { source: [] }],
    ['an empty pattern', {}],
    ['a prefix that is not a string', { source: [{ prefix: { 'equals-ignore-case': 'a' } }] }],
    ['an operator without a name', { source: [{}] }],
  ])('refuses %s when it is compiled', (_, pattern) => {
    expect(() => compilePattern(pattern)).toThrow(/^pattern/);
  });

  it.each([
    ['suffix', { source: [{ suffix: '.png' }] }],
    ['anything-but', { source: ['b', { 'anything-but': 'a' }] }],
    ['exists', { detail: { c: [{ exists: false }] } }],
    ['numeric', { detail: { n: [{ numeric: ['>', 1] }] } }],
    ['wildcard', { source: [{ prefix: 'a', wildcard: 'a*' }] }],
    ['$or', { $or: [{ a: [1] }, { b: [1] }] }],
    ['contains', { source: [{ contains: 'x' }] }],
  ])('names the operator %s, which it does not support', (operator, pattern) => {
    expect(() => compilePattern(pattern)).toThrow(`operator "${operator}"`);
  });

  it.each([
    ['uploads', UPLOADS],
    ['rows to launch', VALIDATED_ROWS],
    ['trainings', TRAININGS],
    ['rows with announcements', ROWS_WITH_ANNOUNCEMENTS],
    ['announcements', ANNOUNCEMENTS],
  ])('supports the pattern of %s', (_, pattern) => {
    expect(() => compilePattern(pattern)).not.toThrow();
  });

  it.each([
    ['rows to launch', VALIDATED_ROWS],
    ['rows with announcements', ROWS_WITH_ANNOUNCEMENTS],
  ])('lets no deleted row pass among %s', (_, pattern) => {
    const row = { row: { S: 'job#a' }, state: { S: 'validated' }, announce: { S: 'pending' } };
    const deleted = { eventName: 'REMOVE', dynamodb: { Keys: { row: row.row }, OldImage: row } };

    expect(matches(pattern, { eventName: 'MODIFY', dynamodb: { NewImage: row } })).toBe(true);
    expect(matches(pattern, deleted)).toBe(false);
  });
});
