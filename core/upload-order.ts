/** The part of a job that says when its dataset came. */
export interface Uploaded {
  id: string;
  uploadedAt: string; // ISO 8601; S3 gives whole seconds
  createdAt: string; // of the row; decides between uploads of the same second
}

/** Orders jobs by their uploads, the earliest first; no two jobs are equal. */
export const byUpload = (a: Uploaded, b: Uploaded): number =>
  Date.parse(a.uploadedAt) - Date.parse(b.uploadedAt) ||
  Date.parse(a.createdAt) - Date.parse(b.createdAt) ||
  (a.id < b.id ? -1 : Number(a.id > b.id));
