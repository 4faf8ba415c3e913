// A worker thread does not inherit the TypeScript loader.
import { register } from 'tsx/esm/api';

register();
const { tryDecodeImage } = await import('./decode-image.ts');

/** The task that a thread of `openDecoders` runs. */
export default ({ bytes, px }) => tryDecodeImage(bytes, px);
