import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EventBridgeEvent } from 'aws-lambda';
import * as z from 'zod';
import { activity } from '../activity.ts';
import { ACCOUNT, REGION } from '../names.ts';
import { answerJson, type JsonAnswer, operationOf, refusal } from './aws-json.ts';
import { type DeliveryFaults, deliver } from './delivery.ts';
import { compilePattern, type Pattern } from './pattern.ts';

export type BusEvent = EventBridgeEvent<string, unknown>;

/** An event as its source publishes it; the bus adds the missing fields. */
export type BusEventInput = Pick<BusEvent, 'source' | 'detail-type' | 'detail'> & Partial<BusEvent>;

/** The destination of a rule's events: a queue, or a function in an object. */
export interface Target {
  send(event: BusEvent): void | Promise<void>;
}

export interface Rule {
  name: string;
  /** the bus it listens to; S3 and SageMaker publish to `default` */
  bus?: string;
  pattern: Pattern;
}

export interface BusOptions {
  /** the buses that exist besides `default` */
  names?: readonly string[];
  /** Called when a target threw; that target loses the event, as after EventBridge's last retry. */
  onError?: (error: unknown, rule: string) => void;
  faults?: DeliveryFaults;
  now?: () => Date;
}

/** EventBridge in this process: an event goes to every rule of its bus whose pattern it matches. */
export function localBus(options: BusOptions = {}) {
  const { names = [], onError = () => undefined, faults = {}, now = () => new Date() } = options;
  const buses = new Set(['default', ...names]);
  const rules: { rule: Rule; matches: (event: unknown) => boolean; targets: readonly Target[] }[] =
    [];
  const deliveries = activity();
  let stopped = false;

  /** Returns immediately; targets are called in a later turn, never inside the publisher. */
  function publish(input: BusEventInput, bus = 'default'): BusEvent {
    if (!buses.has(bus)) throw new Error(`Event bus ${bus} does not exist.`);
    const event = complete(input, now());
    for (const { rule, matches, targets } of rules) {
      if ((rule.bus ?? 'default') !== bus || !matches(event)) continue;
      for (const target of targets) {
        const arrive = () => void deliveries.track(sendTo(target, event, rule.name));
        deliveries.track(Promise.resolve().then(() => deliver(faults, arrive)));
      }
    }
    return event;
  }

  async function sendTo(target: Target, event: BusEvent, rule: string) {
    if (stopped) return;
    try {
      await target.send(structuredClone(event));
    } catch (error) {
      onError(error, rule);
    }
  }

  return {
    /** @throws Error for an unsupported pattern, and for a bus that does not exist: such a rule could never fire */
    putRule(rule: Rule, targets: readonly Target[]): void {
      const bus = rule.bus ?? 'default';
      if (!buses.has(bus)) throw new Error(`rule ${rule.name}: event bus ${bus} does not exist`);
      rules.push({ rule, matches: compilePattern(rule.pattern), targets });
    },

    publish,

    /** `AWSEvents.PutEvents` over HTTP. */
    handle: (request: IncomingMessage, response: ServerResponse): Promise<void> =>
      answerJson(request, response, 'application/x-amz-json-1.1', (parameters) =>
        operationOf(request) === 'PutEvents'
          ? putEvents(parameters, buses, publish)
          : refusal(
              'UnknownOperationException',
              `the local EventBridge has no ${operationOf(request)}`,
            ),
      ),

    /** Resolves when every published event has reached its targets. */
    idle: deliveries.idle,

    /** Waits for running targets, and drops events that have not arrived yet. */
    async stop(): Promise<void> {
      stopped = true;
      await deliveries.idle();
    },
  };
}

export type LocalBus = ReturnType<typeof localBus>;

function complete(input: BusEventInput, at: Date): BusEvent {
  return {
    version: '0',
    id: randomUUID(),
    account: ACCOUNT,
    time: at.toISOString().replace(/\.\d+Z$/, 'Z'), // EventBridge gives whole seconds
    region: REGION,
    resources: [],
    ...input,
  };
}

/** Ten is EventBridge's own limit. Entries are parsed loosely: an error in one is reported for that entry only. */
const PutEventsRequest = z.object({
  Entries: z
    .array(
      z.object({
        Source: z.string().optional(),
        DetailType: z.string().optional(),
        Detail: z.string().optional(),
        EventBusName: z.string().optional(), // a name or an ARN
        Resources: z.array(z.string()).optional(),
        Time: z.number().optional(), // seconds since 1970
      }),
    )
    .min(1)
    .max(10),
});
type Entry = z.infer<typeof PutEventsRequest>['Entries'][number];

function putEvents(
  parameters: unknown,
  buses: ReadonlySet<string>,
  publish: (event: BusEventInput, bus: string) => BusEvent,
): JsonAnswer {
  const request = PutEventsRequest.safeParse(parameters);
  if (!request.success) return refusal('ValidationException', z.prettifyError(request.error));

  const results = request.data.Entries.map((entry) => {
    const bus = entry.EventBusName?.split('/').at(-1) ?? 'default';
    const fault = faultOf(entry, bus, buses);
    if (fault) return { ErrorCode: fault[0], ErrorMessage: fault[1] };
    const { Source = '', DetailType = '', Detail = '{}', Resources, Time } = entry;
    const event = publish(
      {
        source: Source,
        'detail-type': DetailType,
        detail: JSON.parse(Detail),
        ...(Resources && { resources: Resources }),
        ...(Time !== undefined && { time: new Date(Time * 1000).toISOString() }),
      },
      bus,
    );
    return { EventId: event.id };
  });
  const failed = results.filter((result) => 'ErrorCode' in result).length;
  return { status: 200, body: { FailedEntryCount: failed, Entries: results } };
}

/** The error codes are those of PutEventsResultEntry in the API reference. */
function faultOf(
  entry: Entry,
  bus: string,
  buses: ReadonlySet<string>,
): [string, string] | undefined {
  for (const field of ['Source', 'DetailType', 'Detail'] as const) {
    if (!entry[field]) {
      return [
        'InvalidArgument',
        `Parameter ${field} is not valid. Reason: ${field} is a required argument.`,
      ];
    }
  }
  if (entry.Source?.startsWith('aws.')) {
    return ['NotAuthorizedForSourceException', `Not authorized for the source: ${entry.Source}`];
  }
  if (!isJsonObject(entry.Detail ?? '')) return ['MalformedDetail', 'Detail is malformed.'];
  if (!buses.has(bus)) return ['InvalidArgument', `Event bus ${bus} does not exist.`];
  return undefined;
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
