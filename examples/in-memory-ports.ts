import { createHash } from 'node:crypto';
import { sha256 } from '#core/identity.ts';
import { type Job, Job as JobSchema } from '#core/job.ts';
import { type Jobs, ObjectChanged, type Objects, StaleJob } from '#ports';

/** A bucket in memory, with the promises of the port. */
export function memoryObjects(bucket = 'understudy') {
  const kept = new Map<string, { body: Buffer; etag: string; at: Date }>();
  const facts = (key: string, { body, etag, at }: { body: Buffer; etag: string; at: Date }) => ({
    key,
    size: body.length,
    etag,
    lastModified: at.toISOString(),
  });

  const objects: Objects = {
    bucket,
    async head(key) {
      const object = kept.get(key);
      return object && { ...facts(key, object), etagIsMd5: true };
    },
    async *list(prefix) {
      const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
      for (const key of [...kept.keys()].sort(byBytes)) {
        const object = kept.get(key);
        if (object && key.startsWith(prefix)) yield facts(key, object);
      }
    },
    async readText(key) {
      return kept.get(key)?.body.toString('utf8');
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
    async copy(from, to, expected) {
      const object = kept.get(from);
      if (object?.etag !== expected) throw new ObjectChanged(`${from} changed`);
      put(to, object.body);
    },
  };

  function put(key: string, body: string | Uint8Array): void {
    const etag = createHash('md5').update(body).digest('hex');
    kept.set(key, { body: Buffer.from(body), etag, at: new Date('2026-11-24T12:00:00.000Z') });
  }
  return { objects, put, remove: (key: string) => kept.delete(key), keys: () => [...kept.keys()] };
}

/** A job table in memory, as strict as the real one. */
export function memoryJobs(): Jobs & { all(): Job[] } {
  const rows = new Map<string, Job>();
  return {
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
  };
}
