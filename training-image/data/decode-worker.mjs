// A worker thread does not inherit the loader of TypeScript.
import { register } from 'tsx/esm/api';

register();
const { decodeImage } = await import('./decode-image.ts');

/** One thread's work in `openDecoders`. */
export default ({ bytes, px }) => decodeImage(bytes, px);
