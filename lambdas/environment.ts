import { z } from 'zod';

/** What infra and the local form must set for every stage; one schema, so that neither can drift. */
export const Environment = z.object({
  BUCKET: z.string().min(3),
  JOB_TABLE: z.string().min(3),
});
export type Environment = z.infer<typeof Environment>;

/** @throws Error that names every variable that is missing or wrong */
export function environment(
  variables: Record<string, string | undefined> = process.env,
): Environment {
  const parsed = Environment.safeParse(variables);
  if (parsed.success) return parsed.data;
  throw new Error(`the environment is incomplete: ${z.prettifyError(parsed.error)}`);
}
