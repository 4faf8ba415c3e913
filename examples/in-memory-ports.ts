import { createHash } from 'node:crypto';
import { Crc64Nvme } from '@aws-sdk/crc64-nvme';
import { sha256 } from '#core/identity.ts';
import { type Job, Job as JobSchema } from '#core/job.ts';
import { type Slot, withSlot } from '#core/training-slots.ts';
import { type Jobs, ObjectChanged, type Objects, type StageLog, StaleJob } from '#ports';

/** A bucket in memory, with the guarantees of the port. */
export function memoryObjects(bucket = 'understudy') {
  const kept = new Map<string, { body: Buffer; etag: string; at: Date }>();
  const facts = (key: string, { body, etag, at }: { body: Buffer; etag: string; at: Date }) => ({
    key,
    size: body.length,
    etag,
    lastModified: at.toISOString(),
  });

  const sorted = (keys: Iterable<string>) =>
    [...keys]
      .map((key) => Buffer.from(key))
      .sort(Buffer.compare)
      .map(String);

  const objects: Objects = {
    bucket,
    async head(key) {
      const object = kept.get(key);
      return object && { ...facts(key, object), etagIsMd5: true };
    },
    async *list(prefix) {
      for (const key of sorted([...kept.keys()].filter((each) => each.startsWith(prefix)))) {
        const object = kept.get(key);
        if (object) yield facts(key, object);
      }
    },
    async listTopLevel(prefix) {
      const entries = new Set<string>();
      for (const key of kept.keys()) {
        if (!key.startsWith(prefix)) continue;
        const end = key.indexOf('/', prefix.length);
        entries.add(end < 0 ? key : key.slice(0, end + 1));
      }
      const found: Awaited<ReturnType<Objects['listTopLevel']>> = { objects: [], folders: [] };
      for (const entry of sorted(entries)) {
        const object = kept.get(entry);
        if (entry.length > prefix.length && entry.endsWith('/')) found.folders.push(entry);
        else if (object) found.objects.push(facts(entry, object));
      }
      return found;
    },
    async readText(key) {
      return kept.get(key)?.body.toString('utf8');
    },
    async readTextAndEtag(key) {
      const object = kept.get(key);
      return object && { text: object.body.toString('utf8'), etag: object.etag };
    },
    async readRange(key, start, end, expected) {
      const object = kept.get(key);
      if (object?.etag !== expected) throw new ObjectChanged(`${key} changed`);
      return object.body.subarray(start, end);
    },
    async write(key, body) {
      put(key, body);
    },
    async writeIf(key, body, expected) {
      const object = kept.get(key);
      if (object?.etag !== expected) return false;
      put(key, body);
      return true;
    },
    async digest(key) {
      const object = kept.get(key);
      const { body = Buffer.of(), etag = '' } = object ?? {};
      return object && { bytes: body.length, sha256: sha256(body), etag };
    },
    async crc64(key, expected) {
      const object = kept.get(key);
      if (object?.etag !== expected) throw new ObjectChanged(`${key} changed`);
      const sum = new Crc64Nvme();
      sum.update(object.body);
      return Buffer.from(await sum.digest()).toString('base64');
    },
    async copy(from, to, expected) {
      const object = kept.get(from);
      if (object?.etag !== expected) throw new ObjectChanged(`${from} changed`);
      put(to, object.body);
    },
    async remove(keys) {
      for (const key of keys) kept.delete(key);
    },
    async removeIf(key, expected) {
      return kept.get(key)?.etag === expected && kept.delete(key);
    },
  };

  function put(
    key: string,
    body: string | Uint8Array,
    at = new Date('2026-11-24T12:00:00.000Z'),
  ): void {
    const etag = createHash('md5').update(body).digest('hex');
    kept.set(key, { body: Buffer.from(body), etag, at });
  }
  return { objects, put, remove: (key: string) => kept.delete(key), keys: () => [...kept.keys()] };
}

/** A job table in memory, as strict as the real one. */
export function memoryJobs(): Jobs & { all(): Job[] } {
  const rows = new Map<string, Job>();
  let slots: Slot[] = [];
  return {
    table: 'jobs',
    all: () => [...rows.values()],
    async load(id) {
      const row = rows.get(id);
      return row && structuredClone(row);
    },
    async open() {
      const open = [...rows.values()].filter(({ deadline }) => deadline !== undefined);
      return structuredClone(
        open.sort((a, b) => (a.deadline ?? '').localeCompare(b.deadline ?? '')),
      );
    },
    async save(job) {
      if ((rows.get(job.id)?.version ?? 0) !== job.version - 1) throw new StaleJob(job.id);
      rows.set(job.id, JobSchema.parse(structuredClone(job)));
    },
    async remove({ id, version }) {
      if ((rows.get(id)?.version ?? version) !== version) throw new StaleJob(id);
      rows.delete(id);
    },
    async claimSlot(job, max) {
      const claimed = withSlot(
        slots,
        slots.map(({ jobId }) => rows.get(jobId)),
        job,
        max,
      );
      slots = claimed ?? slots;
      return claimed !== undefined;
    },
  };
}

/** A log that keeps its entries. */
export function memoryLog() {
  const recorded: Parameters<StageLog['recorded']>[0][] = [];
  const failed: { error: unknown; about: Parameters<StageLog['failed']>[1] }[] = [];
  const log: StageLog = {
    recorded: (entry) => void recorded.push(entry),
    failed: (error, about) => void failed.push({ error, about: { ...about } }),
  };
  return { log, recorded, failed };
}
