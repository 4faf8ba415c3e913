import { studentVersion } from '#core/identity.ts';
import type { Job } from '#core/job.ts';
import { studentKeys } from '#core/keys.ts';
import { versionInWords } from '#core/versions.ts';
import type { Library } from './library.ts';
import { latestVersion, numberedVersion, numberedVersions } from './student-versions.ts';

type Objects = Pick<Library['objects'], 'readText'>;

/** Whether a job has published a student that was removed since. */
export async function isStudentGone(objects: Objects, { name, progress }: Job): Promise<boolean> {
  if (progress.state !== 'published') return false;
  return (await objects.readText(studentKeys(name, progress.version).card)) === undefined;
}

/** Says that a dataset was processed before, what the result is called, and how to get another one. */
export async function knownInWords(objects: Objects, job: Job): Promise<string> {
  const { id, name, progress } = job;
  const shown = 'This dataset was processed before; showing that result.';
  if (progress.state === 'failed')
    return `${shown} "npx understudy retry ${studentVersion(id)}" trains it again.`;
  if (progress.state !== 'published') return shown;

  const { version } = progress;
  const { number = progress.number } =
    (await numberedVersion(objects, { student: name, version })) ?? {};
  const sentences = [
    `This dataset was processed before, as ${name} ${versionInWords({ number, version })}; showing that result.`,
    '--force trains it again.',
  ];
  const latest = await latestVersion(objects, name);
  if (latest !== undefined && latest !== version) {
    const all = await numberedVersions(objects, name);
    const entry = all.find((each) => each.version === latest) ?? { version: latest };
    sentences.push(`The latest version is ${versionInWords(entry)}, of a later upload.`);
  }
  return sentences.join(' ');
}
