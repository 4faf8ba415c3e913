import { describe, expect, it } from 'vitest';
import { compilePattern, InvalidEventPattern } from '#local/events/pattern.ts';

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
      'equals, ignoring case',
      { Name: [{ 'equals-ignore-case': 'alice' }] },
      { Name: 'ALICE' },
      { Name: 'bob' },
    ],
    [
      'begins with',
      { Region: [{ prefix: 'us-' }] },
      { Region: 'us-east-1' },
      { Region: 'eu-us-1' },
    ],
    [
      'begins with, ignoring case',
      { s: [{ prefix: { 'equals-ignore-case': 'EventB' } }] },
      { s: 'eventbridge' },
      { s: 'sqs' },
    ],
    [
      'ends with',
      { FileName: [{ suffix: '.png' }] },
      { FileName: 'a.png' },
      { FileName: 'a.png.bak' },
    ],
    [
      'ends with, ignoring case',
      { s: [{ suffix: { 'equals-ignore-case': 'BRIDGE' } }] },
      { s: 'EventBridge' },
      { s: 'x' },
    ],
    [
      'wildcard',
      { EventBusArn: [{ wildcard: 'arn:aws:events:us-east-1:*:event-bus/*' }] },
      { EventBusArn: 'arn:aws:events:us-east-1:1:event-bus/x' },
      { EventBusArn: 'arn:aws:events:eu-west-1:1:event-bus/x' },
    ],
    [
      'wildcard with escapes',
      { p: [{ wildcard: 'a\\*b\\\\*.(' }] },
      { p: 'a*b\\xyz.(' },
      { p: 'axb\\.(' },
    ],
    [
      'anything but',
      { state: [{ 'anything-but': 'initializing' }] },
      { state: 'running' },
      { state: 'initializing' },
    ],
    [
      'anything but a list',
      { code: [{ 'anything-but': [400, 404] }] },
      { code: 500 },
      { code: 404 },
    ],
    [
      'anything but, begins with',
      { Region: [{ 'anything-but': { prefix: 'us-' } }] },
      { Region: 'eu-west-1' },
      { Region: 'us-east-1' },
    ],
    [
      'anything but, ends with a list',
      { f: [{ 'anything-but': { suffix: ['.png', '.jpg'] } }] },
      { f: 'a.txt' },
      { f: 'a.jpg' },
    ],
    [
      'anything but, ignoring case',
      { state: [{ 'anything-but': { 'equals-ignore-case': ['initializing', 'gone'] } }] },
      { state: 'running' },
      { state: 'GONE' },
    ],
    [
      'anything but, wildcard',
      { p: [{ 'anything-but': { wildcard: '*/lib/*' } }] },
      { p: '/usr/bin/x' },
      { p: '/usr/lib/x' },
    ],
    [
      'anything but wants the field',
      { state: [{ 'anything-but': 'x' }] },
      { state: 'y' },
      { other: 'y' },
    ],
    ['exists', { ProductName: [{ exists: true }] }, { ProductName: null }, { Other: 1 }],
    ['exists speaks of leaves', { a: [{ exists: true }] }, { a: [1] }, { a: { b: 1 } }],
    [
      'does not exist',
      { detail: { c: [{ exists: false }] } },
      { detail: { d: 1 } },
      { detail: { c: 1 } },
    ],
    [
      'does not exist under a parent that is absent',
      { detail: { c: [{ exists: false }] } },
      {},
      { detail: { c: '' } },
    ],
    ['numeric equals', { Price: [{ numeric: ['=', 100] }] }, { Price: 1e2 }, { Price: 101 }],
    ['numeric range', { Price: [{ numeric: ['>', 10, '<=', 20] }] }, { Price: 20 }, { Price: 10 }],
    ['numbers only', { Price: [{ numeric: ['>', 0] }] }, { Price: 1 }, { Price: '1' }],
    [
      'or',
      { $or: [{ Location: ['New York'] }, { Day: ['Monday'] }] },
      { Day: 'Monday' },
      { Day: 'Friday' },
    ],
    [
      'or beside and',
      { source: ['s'], $or: [{ a: [1] }, { b: [{ numeric: ['<', 5] }] }] },
      { source: 's', b: 4 },
      { source: 't', a: 1 },
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
    ['an unknown operator', { source: [{ contains: 'x' }] }],
    ['two operators in one', { source: [{ prefix: 'a', suffix: 'b' }] }],
    ['a prefix that is no string', { source: [{ prefix: 1 }] }],
    ['a comparison that does not exist', { n: [{ numeric: ['!=', 1] }] }],
    ['a range without its end', { n: [{ numeric: ['>', 1, '<'] }] }],
    ['two stars in a row', { p: [{ wildcard: 'a**b' }] }],
    ['an $or that is no list', { $or: { a: [1] } }],
  ])('refuses %s when it is compiled', (_, pattern) => {
    expect(() => compilePattern(pattern)).toThrow(InvalidEventPattern);
  });
});
